"""The same input, keys and instants give the same tree, byte for byte, on any machine's locale and zone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpers.newsdesk import files_of

SCRIPT = """
import sys
from pathlib import Path
from helpers.newsdesk import desk
base = Path(sys.argv[1])
made = desk(base)
source = base / "source"
made.add(source / "en")
made.add(source / "ru", channel="ru")
made.call("notices on", "ru-undesirable", "--responsible=Example", "--reviewed-by=editor:a-1",
          "--reviewed-by=counsel:b-1", "--reviewed=2027-01-01")
made.release()
made.later()
(source / "en" / "one.md").write_text("---\\ntitle: One\\n---\\n\\nChanged.\\n")
made.add(source / "en", "--correction=Changed.")
made.release()
made.later().call("heartbeat", made.passphrase("online"))
made.call("export", str(base / "out.mirror.zip"))
"""


def source(folder: Path) -> None:
    """A source in two languages, with a picture and dates in other zones."""
    from PIL import Image

    (folder / "en").mkdir(parents=True)
    (folder / "ru").mkdir()
    dated = "---\ntitle: One\ndate: 2026-12-01T01:30:00+05:00\n---\n\nText.\n\n![A slope](a.png)\n"
    (folder / "en" / "one.md").write_text(dated)
    (folder / "en" / "İstanbul.md").write_text("---\ntitle: Istanbul ıIiİ\n---\n\nA ferry.\n")
    (folder / "ru" / "два.md").write_text("---\ntitle: Два\n---\n\nМост закрыт.\n")
    Image.linear_gradient("L").save(folder / "en" / "a.png")


def test_two_machines_make_the_same_tree(tmp_path: Path) -> None:
    trees = []
    for name, zone, locale, seed in (("one", "UTC", "C", "1"), ("two", "Asia/Tehran", "tr_TR.UTF-8", "2")):
        base = tmp_path / name
        source(base / "source")
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(base)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONHASHSEED": seed,
                "TZ": zone,
                "LC_ALL": locale,
            },
        )
        assert run.returncode == 0, run.stderr
        kept = base / "publication"
        trees.append(
            {
                **{f"tree/{path}": data for path, data in files_of(kept / "tree").items()},
                **{f"articles/{path}": data for path, data in files_of(kept / "articles").items()},
                "zip": (base / "out.mirror.zip").read_bytes(),
            }
        )
        shutil.rmtree(base)
    assert trees[0].keys() == trees[1].keys()
    assert [path for path in trees[0] if trees[0][path] != trees[1][path]] == []
    assert len(trees[0]) > 25
