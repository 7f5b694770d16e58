"""What a publication's people want to know: who signed, what expires, what waits, what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tuf.api.metadata import Root, Timestamp

from mirror.articles import DesignationFound
from mirror.bundle.edition import Edition, current, text_pieces
from mirror.errors import FormatError, MirrorError
from mirror.notices.lint import Finding
from mirror.publisher.intake import designations
from mirror.publisher.keyring import at_hand
from mirror.publisher.notices import Notices, load_notices
from mirror.publisher.published import current_edition, current_notices
from mirror.publisher.release import waiting
from mirror.publisher.settle import is_settled
from mirror.publisher.workspace import Workspace
from mirror.trust import ceremony
from mirror.trust.ceremony import RoleStatus
from mirror.trust.lint import lint
from mirror.trust.metadata import content, instant
from mirror.trust.publication import DAY, ONLINE, Draft, Publication
from mirror.trust.state import channel_role

SOON: Final = 30 * DAY  # for roles that need people
_UNITS: Final = (("day", DAY), ("hour", 3_600))
VERY_SOON: Final = 4 * DAY  # for the timestamp, which a timer renews


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """One role: who signed it, and when its signature ends."""

    signed: RoleStatus
    expires: int


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """One channel: its edition in force (0: none yet), and what a release would change.

    ``bytes`` is what a new reader fetches for the whole text edition.
    """

    id: str
    title: str
    language: str
    edition: int
    released: int
    articles: int
    pieces: int
    bytes: int
    unreleased: int


@dataclass(frozen=True, slots=True)
class Designated:
    """A designation that articles stated; ``is_covered``: a notice of that country is on."""

    found: DesignationFound
    articles: tuple[str, ...]
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at once. ``warnings`` are sentences, the most urgent first."""

    root_digest: str
    roles: tuple[RoleFacts, ...]
    channels: tuple[ChannelFacts, ...]
    notices_edition: int
    notices_issued: int
    notices_on: tuple[str, ...]
    notices_off: tuple[str, ...]
    findings: tuple[Finding, ...]
    designations: tuple[Designated, ...]
    waiting: tuple[RoleStatus, ...]
    warnings: tuple[str, ...]


def status(workspace: Workspace, *, now: int) -> Status:
    """How the publication stands at ``now``. Changes nothing; what is broken becomes a warning.

    Raises:
        StorageError: ``not-initialized``, or the disk refused.
        FormatError: The kept metadata is damaged.
    """
    publication = workspace.publication()
    warnings: list[str] = []
    roles = _roles(workspace, publication)
    warnings += _expiring(roles, now)
    if not is_settled(workspace, publication):
        warnings.append(
            "The tree is behind the signed metadata: a release was cut off. Run `mirror publish heartbeat`."
        )
    pending: tuple[RoleStatus, ...] = ()
    try:
        plan = waiting(workspace, publication)
        pending = plan.status(workspace) if plan else ()
    except MirrorError as error:
        warnings.append(_sentence(error))
    warnings += (_of_waiting(each) for each in pending if not each.is_complete)
    channels = tuple(_channels(workspace, publication, warnings))
    notices, findings = None, tuple[Finding, ...]()
    try:
        notices = load_notices(workspace)
        findings = notices.lint(now)
        warnings += (f"Notices, {each.where}: {each.says}" for each in findings if each.is_error)
    except MirrorError as error:
        warnings.append(_sentence(error))
    stated = _designations(workspace, notices, warnings)
    in_force = None
    try:
        in_force = current_notices(workspace.tree, publication)
    except MirrorError as error:
        warnings.append(_sentence(error))
    warnings += _of_keys(workspace, publication, now)
    return Status(
        root_digest=sha256(publication.roots[0]).hexdigest(),
        roles=roles,
        channels=channels,
        notices_edition=in_force.edition if in_force else 0,
        notices_issued=in_force.issued if in_force else 0,
        notices_on=tuple(each.id for each in notices.on) if notices else (),
        notices_off=_off(notices),
        findings=findings,
        designations=stated,
        waiting=pending,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _sentence(error: MirrorError) -> str:
    return f"{str(error).rstrip('.')}. [{error.code}]"


def _roles(workspace: Workspace, publication: Publication) -> tuple[RoleFacts, ...]:
    files = {Root.type: publication.roots[-1], **publication.roles}
    try:
        known = workspace.public_keys()
    except FormatError:
        known = ()  # names are a comfort; keys are shown by their ids then
    signed = ceremony.status(Draft(None, files), known)
    return tuple(RoleFacts(each, instant(content(files[each.role]).expires)) for each in signed)


def _expiring(roles: tuple[RoleFacts, ...], now: int) -> Iterator[str]:
    for each in sorted(roles, key=lambda facts: facts.expires):
        role = each.signed.role
        margin = VERY_SOON if role == Timestamp.type else SOON
        # A new timestamp comes with a new snapshot where that is needed.
        if each.expires - now >= margin or (role in ONLINE and role != Timestamp.type and each.expires > now):
            continue
        remedy = "mirror publish heartbeat" if role in ONLINE else "mirror publish release --renew"
        how = "has expired" if each.expires <= now else f"expires {in_words(each.expires - now)}"
        yield f"{role} {how}: run `{remedy}`."


def in_words(seconds: int) -> str:
    """A span of time, as in "in 12 days" or "3 hours ago"."""
    size = abs(seconds)
    unit, length = next((each for each in _UNITS if size >= 2 * each[1]), ("minute", 60))
    number = (size + length // 2) // length
    words = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"in {words}" if seconds >= 0 else f"{words} ago"


def _of_waiting(role: RoleStatus) -> str:
    return (
        f"A release waits: {role.role} needs {role.threshold} signatures, "
        f"{' and '.join(role.signed) or 'nobody'} signed, {', '.join(role.missing)} could."
    )


def _channels(workspace: Workspace, publication: Publication, warnings: list[str]) -> Iterator[ChannelFacts]:
    for channel in workspace.config.channels:
        made: Edition | None = None
        unreleased = 0
        if channel_role(channel.id) not in publication.roles:
            warnings.append(f"The channel {channel.id} was never signed: run `mirror publish channel`.")
        try:
            made = current_edition(workspace.tree, publication, channel.id)
            before = made.articles() if made else {}
            kept = workspace.articles(channel.id)
            unreleased = sum(before.get(name) != article for name, article in kept.items())
        except MirrorError as error:
            warnings.append(_sentence(error))
        pieces = list(text_pieces(made)) if made else []
        yield ChannelFacts(
            id=channel.id,
            title=channel.title,
            language=channel.language,
            edition=made.manifest.number if made else 0,
            released=made.manifest.created if made else 0,
            articles=len(current(made.articles().values())) if made else 0,
            pieces=len(pieces),
            bytes=_weight(workspace, pieces),
            unreleased=unreleased,
        )


def _weight(workspace: Workspace, digests: list[str]) -> int:
    paths = (workspace.tree.folder / "p" / each[:2] / each for each in digests)
    return sum(path.stat().st_size for path in paths if path.is_file())


def _off(notices: Notices | None) -> tuple[str, ...]:
    if notices is None:
        return ()
    on = {each.id for each in notices.on}
    return tuple(each.id for each in notices.templates if each.id not in on)


def _designations(
    workspace: Workspace, notices: Notices | None, warnings: list[str]
) -> tuple[Designated, ...]:
    """What articles stated, each once; those without a notice first, and as a warning."""
    try:
        stated = designations(workspace)
    except MirrorError as error:
        warnings.append(_sentence(error))
        return ()
    by_text: dict[tuple[str, str | None], tuple[DesignationFound, list[str]]] = {}
    for name, found in stated.items():
        for each in found:
            by_text.setdefault((each.kind, each.jurisdiction), (each, []))[1].append(name)
    facts = []
    for each, names in by_text.values():
        covered = notices is not None and not notices.uncovered([each])
        facts.append(Designated(each, tuple(sorted(names)), covered))
        if not covered:
            where = each.jurisdiction or "a country that was not recognised"
            warnings.append(
                f"{len(names)} article(s) state a designation ({each.kind}, {where}), and no notice of it is"
                " on: review it with `mirror publish notices list`."
            )
    return tuple(sorted(facts, key=lambda each: (each.is_covered, each.articles)))


def _of_keys(workspace: Workspace, publication: Publication, now: int) -> Iterator[str]:
    for fault in lint(publication, now=now):
        if fault.code != "expired-role":
            yield f"{fault.role}: {fault.sentence}."
    signing = workspace.config.signing
    here = at_hand(workspace, signing.holders)
    if len(here) >= signing.threshold > 1:
        yield (
            f"The keys of {', '.join(here)} lie on this machine: whoever takes it needs only their"
            " passphrases. Let each holder take their key away."
        )
    root = publication.root
    names = {each.keyid: each.name for each in workspace.public_keys()}
    signed = {names.get(keyid, keyid[:8]) for keyid in root.roles[Root.type].keyids}
    if signed != set(signing.holders) or root.roles[Root.type].threshold != signing.threshold:
        yield (
            "publication.toml names other holders or another threshold than the signed root: only a new root"
            " changes them."
        )
