"""Editing ``notices.toml`` as text, so that the comments people wrote in it stay. Pure."""

import json
import re
import tomllib
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from mirror.errors import ConfigError

_HEADER: Final = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_RESPONSIBLE: Final = re.compile(r"\s*responsible\s*=")


def turn_on(
    text: str,
    template: str,
    *,
    responsible: str | None,
    reviewed_by: Sequence[str],
    reviewed: date,
    next_review: date,
) -> str:
    """The file with ``template`` turned on, and ``responsible`` as whoever answers for it.

    Raises:
        ConfigError: ``template-on``: it is on already; ``notices-by-hand``: the file is written in
            a way that this cannot edit.
    """
    before = _parsed(text)
    if any(each.get("template") == template for each in before.get("on", [])):
        raise ConfigError("This notice is on already.", code="template-on")
    entry = {
        "template": template,
        "reviewed_by": list(reviewed_by),
        "reviewed": reviewed,
        "next_review": next_review,
    }
    lines = text.rstrip("\n").split("\n")
    if responsible is not None:
        lines = [line for line in lines if not _RESPONSIBLE.match(line)]
        top = next((at for at, line in enumerate(lines) if _HEADER.match(line)), len(lines))
        lines.insert(top, f"responsible = {_text(responsible)}")
    lines += [
        "",
        "[[on]]",
        f"template = {_text(template)}",
        f"reviewed_by = [{', '.join(map(_text, reviewed_by))}]",
        f"reviewed = {reviewed.isoformat()}",
        f"next_review = {next_review.isoformat()}",
        "",
    ]
    wanted = {**before, "on": [*before.get("on", []), entry]}
    if responsible is not None:
        wanted["responsible"] = responsible
    return _checked("\n".join(lines), wanted)


def turn_off(text: str, template: str) -> str:
    """The file with ``template`` turned off.

    Raises:
        ConfigError: ``template-off``: it is not on; ``notices-by-hand``.
    """
    before = _parsed(text)
    rest = [each for each in before.get("on", []) if each.get("template") != template]
    if len(rest) == len(before.get("on", [])):
        raise ConfigError("This notice is not on.", code="template-off")
    wanted = {**before, "on": rest}
    if not rest:
        del wanted["on"]
    kept = [block for block in _blocks(text) if not _is_of(block, template)]
    return _checked("".join(kept), wanted)


def _blocks(text: str) -> list[str]:
    """The file cut before each ``[[on]]`` and before what follows it."""
    blocks = [""]
    inside = False
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header and (header[1] == "on" or (inside and not header[1].startswith("on."))):
            inside = header[1] == "on"
            blocks.append("")
        blocks[-1] += line
    return blocks


def _is_of(block: str, template: str) -> bool:
    try:
        entries: list[dict[str, Any]] = tomllib.loads(block).get("on", [])
    except tomllib.TOMLDecodeError:
        return False
    return any(each.get("template") == template for each in entries)


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError("notices.toml is not TOML.", code="not-toml") from error


def _checked(text: str, wanted: dict[str, Any]) -> str:
    """``text``, if it says what was wanted and nothing else."""
    try:
        if tomllib.loads(text) == wanted:
            return text
    except tomllib.TOMLDecodeError:
        pass
    raise ConfigError("notices.toml is written in a way that must be edited by hand.", code="notices-by-hand")


def _text(text: str) -> str:
    if not text.isprintable():
        raise ConfigError("A name holds what cannot be printed.", code="bad-value")
    return json.dumps(text, ensure_ascii=False)
