"""A notice library and sets made from the shipped catalogue, for the tests of notices."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from mirror.notices import NoticeSet, ReaderContext
from mirror.notices.load import Library, PublicationNotices, load_library, load_publication_notices
from mirror.notices.model import Catalogue
from mirror.notices.render import publish
from mirror.publisher.catalogue import read_catalogue

ROOT = Path(__file__).parents[2]
NOW = 1_795_305_600  # 2026-11-22
DAY = 86_400
LANGUAGES = ("be", "en", "en-x-pseudo", "fa", "ru", "tr", "uk", "zh-Hans")
TEMPLATES = ("by-extremist", "ir-contact", "kg-extremist", "ru-undesirable")

UNKNOWN = ReaderContext()
ABROAD = ReaderContext("DE", frozenset({"DE"}), frozenset())  # everything answered, nothing applies


@cache
def shipped() -> Mapping[str, str]:
    """The files of the catalogue."""
    return read_catalogue()


@cache
def library() -> Library:
    """The shipped catalogue, loaded."""
    return load_library(shipped())


def choice_text(*templates: str, head: str = 'responsible = "Test"\npseudo = true\n') -> str:
    """A publication's notices.toml that turns templates on."""
    entries = (
        f'[[on]]\ntemplate = "{template}"\nreviewed_by = ["editor:a", "native:b"]\n'
        "reviewed = 2026-11-22\nnext_review = 2027-02-22\n"
        for template in templates
    )
    return f"schema = 1\n{head}{''.join(entries)}"


def choice(*templates: str) -> PublicationNotices:
    """The choice that turns these templates on, with every language and the pseudo-locale."""
    return load_publication_notices(choice_text(*templates), library())


@cache
def notice_set(*templates: str, edition: int = 7, publisher: str = "example-press") -> NoticeSet:
    """A published set with the generic notice and these templates."""
    made, _ = publish(choice(*templates), library(), publisher=publisher, edition=edition, issued=NOW)
    return made


def only(notices: NoticeSet, *designations: str) -> NoticeSet:
    """The set as data for ``decide``, with just these designations (the texts no longer fit)."""
    whole = notices.catalogue
    kept = tuple(each for each in whole.designations if each.id in designations)
    assert len(kept) == len(designations)
    return replace(notices, catalogue=Catalogue(kept, whole.jurisdictions, whole.penalties, whole.sources))


@cache
def ru_only() -> NoticeSet:
    """What the decision table of the research speaks of: the Russian designation and nothing else."""
    return only(notice_set("ru-undesirable"), "ru-undesirable")
