"""The vectors of notices, for readers in other languages: made from the code, kept as a file.

``python -m helpers.notice_vectors`` (with ``src`` and ``tests`` on the path) writes the file anew.
"""

import json
from typing import Any

from helpers.notices import DAY, NOW, ROOT, notice_set
from mirror.notices import Act, Level, NoticeSet, ReaderContext, decide, encode, gate
from mirror.notices.text import walk

FILE = ROOT / "tests" / "vectors" / "notices.json"
NOBODY: frozenset[str] = frozenset()
READERS = {
    "nothing known": ReaderContext(),
    "in RU, nothing else known": ReaderContext(located="RU"),
    "in RU, another passport": ReaderContext("RU", frozenset({"DE"}), NOBODY),
    "abroad, RU passport beside another": ReaderContext("DE", frozenset({"DE", "RU"}), NOBODY),
    "abroad, citizenship unknown": ReaderContext("DE", None, NOBODY),
    "abroad, stateless resident of RU": ReaderContext("DE", NOBODY, frozenset({"RU"})),
    "in a place under control": ReaderContext("UA-43", frozenset({"UA"}), NOBODY),
    "in a country with such a place": ReaderContext("UA", frozenset({"UA"}), NOBODY),
    "in that country, elsewhere": ReaderContext("UA-30", frozenset({"UA"}), NOBODY),
    "surely none of these": ReaderContext("DE", frozenset({"DE"}), NOBODY),
}
LANGUAGES = ("ru", "ru-RU", "RU", "tt", "tt-Latn-RU", "crh", "prs", "fa-AF", "zh-CN", "de", "")
SCREENS = (("ru", Act.SAVE), ("en", Act.SHARE_PUBLIC), ("fa", Act.DONATE), ("tt", Act.READ))


def vectors() -> dict[str, Any]:
    """Sets as text (their UTF-8 is what is signed), and what a reader must make of them."""
    sets: dict[str, NoticeSet | None] = {
        "ru": notice_set("ru-undesirable"),
        "generic": notice_set(),
        "none": None,
    }
    decisions = [
        {
            "set": name,
            "why": why,
            "reader": _reader(reader),
            "levels": {act: Level(decide(notices, reader, act, NOW).level).name.lower() for act in Act},
        }
        for name, notices in sets.items()
        for why, reader in READERS.items()
    ]
    aged = [
        {"set": name, "days": days, "may_be_out_of_date": _is_old(notices, days)}
        for name, notices in sets.items()
        for days in (0, 91, 92, 93, 120, 121, 3650)
    ]
    screens = [
        {
            "set": name,
            "language": language,
            "act": act,
            "labels": [block.text for block in shown.labels],
            "blocks": [[block.kind, block.text] for block in shown.blocks],
            "beside": [[block.kind, block.text] for block in shown.beside],
        }
        for name, notices in sets.items()
        for language, act in SCREENS
        for shown in [gate(notices, ReaderContext(), act, language, NOW)]
    ]
    return {
        "now": NOW,
        "sets": {name: encode(each).decode() for name, each in sets.items() if each is not None},
        "walks": {language: walk(sets["ru"], language) for language in LANGUAGES},
        "decisions": decisions,
        "age": aged,
        "screens": screens,
    }


def spelled() -> str:
    """The file's text."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _is_old(notices: NoticeSet | None, days: int) -> bool:
    return decide(notices, ReaderContext(), Act.SAVE, NOW + days * DAY).may_be_out_of_date


def _reader(reader: ReaderContext) -> dict[str, object]:
    """Only what was answered, as JSON."""
    answers = {
        "located": reader.located,
        "citizenships": None if reader.citizenships is None else sorted(reader.citizenships),
        "stateless_resident_of": None
        if reader.stateless_resident_of is None
        else sorted(reader.stateless_resident_of),
    }
    return {name: answer for name, answer in answers.items() if answer is not None}


if __name__ == "__main__":
    FILE.write_text(spelled(), "utf-8")
