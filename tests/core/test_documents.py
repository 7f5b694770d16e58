"""Documents say what the code does: codes, bounds, threats, and nothing of where we work."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "mirror"
# Documents are in capitals; other Markdown in the package is sample input.
OURS = (path for path in SRC.rglob("*.md") if path.stem.isupper() and "node_modules" not in path.parts)
DOCUMENTS = [ROOT / "README.md", *sorted(OURS)]
MAX_LINES = 500

# In pieces, so that this file does not name them itself; and where this checkout happens to lie.
HOSTS = (("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".org"), ("deb.", "debian.org"))
PLACES = (*("".join(parts) for parts in HOSTS), f"{ROOT}/", f"{Path.home()}/.")


def texts(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The constants of a module that are text, also in its classes, with their names."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                yield name, text
            case _:
                pass


def codes(sources: Iterable[str]) -> set[str]:
    """Every error code that the modules spell: in ``code=``, as its default, and as ``default_code``.

    A constant given as ``code=`` is looked up in its own module, then in the others.
    """
    trees = [ast.parse(source) for source in sources]
    everywhere = dict(pair for tree in trees for pair in texts(tree))
    found: set[str] = set()
    for tree in trees:
        known = everywhere | dict(texts(tree))
        found.update(text for name, text in texts(tree) if name in {"code", "default_code"})
        for value in (value for node in ast.walk(tree) for value in given_as_code(node)):
            for part in ast.walk(value):
                match part:
                    case ast.Constant(value=str(text)):
                        found.add(text)
                    case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper() and name in known:
                        found.add(known[name])
                    case _:
                        pass
    return found


def given_as_code(node: ast.AST) -> Iterator[ast.expr]:
    """What a call gives as ``code``, and what a function takes for it by default."""
    match node:
        case ast.keyword(arg="code", value=value):
            yield value
        case ast.arguments(args=args, defaults=defaults, kwonlyargs=keywords, kw_defaults=keyword_defaults):
            pairs = [*zip(args[len(args) - len(defaults) :], defaults, strict=True)]
            pairs += [(arg, value) for arg, value in zip(keywords, keyword_defaults, strict=True) if value]
            yield from (value for arg, value in pairs if arg.arg == "code")
        case _:
            pass


def uncommented(source: str) -> list[str]:
    """The bounds of ``source`` with neither a comment in their line nor one directly above."""
    lines = source.splitlines()

    def explained(line: int) -> bool:
        above = lines[line - 1].strip()
        return "  # " in lines[line] or (above.startswith("# ") and not above.startswith("# ---"))

    return [
        ast.unparse(node.target)
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and not explained(node.lineno - 1)
    ]


def empty_headings(text: str) -> list[str]:
    """Headings with no text of their own and none below them."""
    parts = re.split(r"^(#+ .*)$", text, flags=re.MULTILINE)[1:]
    chapters = list(zip(parts[::2], parts[1::2], strict=True))
    empty = []
    for number, (heading, body) in enumerate(chapters):
        follower = chapters[number + 1][0] if number + 1 < len(chapters) else "# "
        if not body.strip() and len(follower.split()[0]) <= len(heading.split()[0]):
            empty.append(heading)
    return empty


def tracked() -> list[Path]:
    """The files of the checkout, without those that git ignores."""
    run = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if run.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in run.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_every_error_code_is_in_a_document() -> None:
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    spelled = codes(path.read_text("utf-8") for path in SRC.rglob("*.py"))
    assert len(spelled) >= 10, "the search for codes finds nothing"
    assert sorted(code for code in spelled if not re.fullmatch("[a-z]+(-[a-z0-9]+)*", code)) == []
    assert sorted(code for code in spelled if f"`{code}`" not in text) == []


def test_codes_are_found_wherever_they_are_spelled() -> None:
    constants = 'LATE: Final = "too-late"\nUNUSED = "unused"\nclass Why(StrEnum):\n    OLD = "too-old"\n'
    source = """
EARLY = "too-early"
class E(Exception):
    default_code = "plain"
class F(E):
    default_code: ClassVar[str] = "typed"
def refuse(text: str, code: str = "by-default", *, why="not a code"):
    raise E(text, code="left" if text else "right")
def insist(text: str, *, other=None, code="keyword"):
    raise E("not a code", code=code)
raise E("x", code="given")
raise E("x", code=names.LATE)
raise E("x", code=EARLY)
raise E("x", code=Why.OLD)
"""
    assert sorted(codes([constants, source])) == sorted(
        "by-default given keyword left plain right too-early too-late too-old typed".split()
    )


def test_every_bound_has_a_reason() -> None:
    assert uncommented((SRC / "limits.py").read_text("utf-8")) == []


def test_a_bound_without_reason_is_seen() -> None:
    source = "# --- a ----\nA: Final = 1\n# why\nB: Final = 2\nC: Final = 3\nD: Final = 4  # why\n"
    assert uncommented(source) == ["A", "C"]


def test_no_file_names_where_packages_come_from_or_where_we_work() -> None:
    secrets = PLACES
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in tracked()
        for place in secrets
        if place.encode() in path.read_bytes()
    ]
    assert found == []


def test_modules_are_short() -> None:
    code = [path for path in tracked() if path.suffix in {".py", ".ts", ".js"}]
    assert code
    lengths = {path.relative_to(ROOT).as_posix(): path.read_bytes().count(b"\n") for path in code}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in DOCUMENTS])
def test_no_heading_is_empty(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    assert empty_headings(re.sub(r"^```.*?^```", "code", text, flags=re.MULTILINE | re.DOTALL)) == []


def test_an_empty_heading_is_seen() -> None:
    assert empty_headings("# A\n\n## B\ntext\n## C\n\n## D\n### E\ntext\n# F\n") == ["## C", "# F"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in DOCUMENTS])
def test_files_that_documents_name_exist(path: Path) -> None:
    named = re.findall(r"`((?:tests|src|config|deploy|\.ci)/[\w./-]+)`", path.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_threats_are_proved_by_tests() -> None:
    named = re.findall(r"`(tests/[\w./-]+)`", (SRC / "THREATS.md").read_text("utf-8"))
    assert named


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.split(r"[\s<>=;\[]", each)[0] for each in wanted}
    package = json.loads((SRC / "reader" / "web" / "package.json").read_text("utf-8"))
    names |= {*package["dependencies"], *package["devDependencies"]} - {"@types/node"}
    rows = re.findall(
        r"^\| `([\w@/.-]+)` \| (\w.+) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert names == {name for name, _ in rows}
