"""``python -m mirror``: the command without its script on the path."""

import sys

from mirror.cli import main

sys.exit(main())
