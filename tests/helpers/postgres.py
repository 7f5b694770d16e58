"""A PostgreSQL server of our own: a temporary folder, a socket in it, no port, nothing left behind.

Root may not run one: then it runs as the user that the package made.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_DEBIAN: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
_PATH: Final = os.pathsep.join([*map(str, reversed(_DEBIAN)), os.environ.get("PATH", "")])
INITDB: Final = shutil.which("initdb", path=_PATH)
POSTGRES: Final = shutil.which("postgres", path=_PATH)
_READY: Final = "ready to accept connections"


def _other_user() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


@contextmanager
def server() -> Iterator[Path]:
    """A server while the ``with`` lasts; the folder of its socket. Its user is ``mirror``."""
    assert INITDB is not None
    assert POSTGRES is not None
    user = _other_user()
    folder = Path(tempfile.mkdtemp(prefix="mirror-postgres-"))
    try:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data = folder / "data"
        where = {"PATH": _PATH, "LC_ALL": "C.UTF-8"}
        made = [INITDB, "-D", str(data), "-U", "mirror", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, user=user, cwd=folder, env=where)
        settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off"}
        given = [POSTGRES, "-D", str(data), *(f"--{key}={value}" for key, value in settings.items())]
        running = subprocess.Popen(given, stderr=subprocess.PIPE, text=True, user=user, cwd=folder, env=where)
        try:
            assert running.stderr is not None
            said = ""
            for line in running.stderr:
                said += line
                if _READY in line:
                    break
            else:
                raise RuntimeError(f"the database server did not start: {said}")
            yield folder
        finally:
            running.terminate()
            running.communicate(timeout=30)
    finally:
        shutil.rmtree(folder)
