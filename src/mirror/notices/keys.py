"""The keys of the finished texts: which sentences a set must have in every language.

A key names what a sentence says: ``act.save``, ``standing.claimed``, ``alt.no-money``,
``ui.question``, ``d.DESIGNATION.what``, ``d.DESIGNATION.p.PENALTY``, ``s.SOURCE``.
"""

from typing import Final

from mirror.notices.model import COMMON, Act, Catalogue, Designation, Standing

UNLISTED: Final = "standing.unlisted"
READ_ON: Final = "alt.read-on"  # the alternative where nobody wrote a better one
UI: Final = tuple(
    f"ui.{name}"
    for name in (
        "safer summary checked past recipient old advice more question question-again back proceed off "
        "sources acts penalties confidence-high confidence-medium confidence-low suspended repealed "
        "machine human outdated beside other-language"
    ).split()
)


def key_of(message: str) -> str:
    """The key under which the Fluent message ``message`` (``alt-no-money``) is carried."""
    return message.replace("-", ".", 1)


def message_of(key: str) -> str:
    """The inverse of ``key_of``."""
    return key.replace(".", "-", 1)


def part_of(key: str) -> str:
    """The part whose translation state goes with ``key``: a designation's id, or ``common``."""
    return key.split(".", 2)[1] if key.startswith("d.") else COMMON


def common_keys(catalogue: Catalogue) -> tuple[str, ...]:
    """The keys whose sentences are single messages of the common part."""
    rules = [rule for designation in catalogue.designations for rule in designation.acts.values()]
    alternatives = {key_of(rule.instead) for rule in rules if rule.instead is not None}
    return (
        *(f"act.{act}" for act in Act),
        *(f"standing.{standing}" for standing in Standing),
        UNLISTED,
        *sorted(alternatives | {READ_ON}),
        *UI,
    )


def penalties_of(designation: Designation) -> tuple[str, ...]:
    """The ids of the penalties that a designation's acts name, sorted."""
    return tuple(sorted({each for rule in designation.acts.values() for each in rule.penalties}))


def designation_keys(designation: Designation) -> tuple[str, ...]:
    """The keys of one designation's own sentences; the generic notice names nobody."""
    names = ["label", "what", "info"] if designation.is_generic else ["label", "what", "who", "info"]
    names += [f"p.{penalty}" for penalty in penalties_of(designation)]
    return tuple(f"d.{designation.id}.{name}" for name in names)


def required_keys(catalogue: Catalogue) -> frozenset[str]:
    """Every key that each language of a set with this catalogue has a sentence or a gap for."""
    own = [key for designation in catalogue.designations for key in designation_keys(designation)]
    return frozenset([*common_keys(catalogue), *own, *(f"s.{source.id}" for source in catalogue.sources)])
