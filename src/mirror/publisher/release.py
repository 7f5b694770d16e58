"""A release: from what the folder says to signed statements in the tree.

::

    plan ──> sign here ──────────────────────> finish
       └──> wait (payloads go to holders) ──> merge signatures ──> finish

``plan`` changes nothing. ``wait`` keeps the plan in ``state/pending``. ``finish`` refuses a draft
below its thresholds before it touches anything; then the pieces go into the tree, the metadata is
kept, and the tree's statements follow (see ``settle``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from securesystemslib.signer import Signer
from tuf.api.metadata import Root

from mirror.bundle import parcel, piece
from mirror.client.edition import NOTICES_TARGET, PROGRAM_TARGET, head_target
from mirror.errors import ConfigError, FormatError, StorageError, TrustError
from mirror.notices import NoticeSet, encode
from mirror.notices.lint import Finding
from mirror.publisher.editions import ChannelChange, Progress, next_edition
from mirror.publisher.notices import load_notices, next_set
from mirror.publisher.program import make_program
from mirror.publisher.published import current_notices, head_of, notices_digest, program_digest
from mirror.publisher.rotation import Press, signed_settings, wanted_settings
from mirror.publisher.settle import put_and_keep
from mirror.publisher.slipmaking import Pages, make_slips
from mirror.publisher.workspace import Workspace
from mirror.trust import ceremony, changes
from mirror.trust.ceremony import RoleStatus
from mirror.trust.publication import Draft, Publication
from mirror.trust.state import NOTICES_ROLE, READER_ROLE, channel_role

_PLAN: Final = "plan"
_ROLE: Final = "role/"
_PIECE: Final = "piece/"


@dataclass(frozen=True, slots=True)
class Plan:
    """A release on its way: what is to be signed, the pieces it names, and what it means.

    ``notices`` is the number of the new set of notices, None where that in force stays; ``has_page`` says
    that the program of the browser's reader is new. ``renewed`` are the roles that are only signed again.
    ``warnings`` are about the notices.
    """

    draft: Draft
    pieces: Mapping[str, bytes]
    changes: tuple[ChannelChange, ...]
    notices: int | None = None
    has_page: bool = False
    renewed: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()

    def status(self, workspace: Workspace) -> tuple[RoleStatus, ...]:
        """Who signed each role, and who is missing."""
        return ceremony.status(self.draft, workspace.public_keys())

    def signed(self, *signers: Signer) -> "Plan":
        """The plan with the signatures of ``signers``; raises as ``ceremony.sign``."""
        return replace(self, draft=ceremony.sign(self.draft, *signers))

    def merged(self, *signatures: bytes) -> "Plan":
        """The plan with detached signatures put in; raises as ``ceremony.merge_signature``."""
        draft = self.draft
        for signature in signatures:
            draft = ceremony.merge_signature(draft, signature)
        return replace(self, draft=draft)


def plan(
    workspace: Workspace,
    publication: Publication,
    *,
    now: int,
    channels: Sequence[str] = (),
    top: Sequence[str] = (),
    renew: bool = False,
    progress: Progress | None = None,
) -> Plan | None:
    """What a release at ``now`` would say; None where nothing has changed. Changes nothing.

    Args:
        workspace: The publication's folder.
        publication: Its newest metadata.
        now: When it is issued.
        channels: Only these, and the notices only where there are none yet; empty: everything.
        top: Ids of the stories that the front pages tell first.
        renew: Sign again also what has not changed, so that it expires later.
        progress: Told the articles packed and their total, channel by channel.

    Raises:
        ConfigError: ``no-channel``; or the notices' files are wrong.
        SourceError: An article's file is damaged, or the notices break a rule.
        LimitError: An article or an edition is too large to be carried.
        StorageError: The tree lacks a piece of the edition before, or the disk refused.
    """
    for channel in channels:
        workspace.config.channel(channel)
    pieces: dict[str, bytes] = {}
    targets: dict[str, dict[str, tuple[int, str]]] = {}
    in_force = notices_digest(publication)
    issued, warnings = None, tuple[Finding, ...]()
    if not channels or in_force is None:
        issued, warnings = _issue_notices(workspace, publication, now)
    if issued is not None:
        sealed = parcel.seal(encode(issued))
        pieces |= sealed.pieces
        in_force = sealed.head
        targets[NOTICES_ROLE] = {NOTICES_TARGET: (len(sealed.pieces[sealed.head]), sealed.head)}
    changed = []
    for name in [each.id for each in workspace.config.channels if not channels or each.id in channels]:
        if channel_role(name) not in publication.roles:
            raise ConfigError(
                "publication.toml has a channel that was never signed: run `mirror publish channel` for it.",
                code="channel-unsigned",
            )
        made = next_edition(
            workspace, publication, name, now=now, notices=in_force or "", top=top, progress=progress
        )
        if made is not None:
            pieces |= made.pieces
            targets[name] = {head_target(name): (len(made.pieces[made.head]), made.head)}
            changed.append(made.change)
    told = {
        each.id for each in workspace.config.channels if each.id in targets or head_of(publication, each.id)
    }
    made_page = None if channels else make_program(workspace.config, publication.roots[0], told)
    if made_page is not None and made_page.head != program_digest(publication):
        pieces |= made_page.pieces
        length = len(made_page.pieces[made_page.head])
        targets[READER_ROLE] = {PROGRAM_TARGET: (length, made_page.head)}
    said = None if channels else wanted_settings(workspace, publication, now)
    is_said_anew = said is not None and said != signed_settings(publication)
    if not targets and not renew and not is_said_anew:
        return None
    lifetimes = workspace.config.lifetimes
    draft = changes.release(
        publication,
        targets,
        now=now,
        lifetimes=lifetimes,
        rotation=said.to_json() if said is not None and is_said_anew else None,
        reader=workspace.held(workspace.config.signing) if READER_ROLE in targets else None,
    )
    renewed: tuple[str, ...] = ()
    if renew:
        roles = [role for role in publication.roles if role not in (*draft.roles, "snapshot", "timestamp")]
        root = changes.rotate_root(publication, now=now, lifetimes=lifetimes)
        rest = changes.renew(publication, roles, now=now, lifetimes=lifetimes)
        draft = Draft(publication, {**draft.roles, **rest.roles, **root.roles})
        renewed = (*sorted(roles), Root.type)
    number = issued.edition if issued else None
    return Plan(draft, pieces, tuple(changed), number, READER_ROLE in targets, renewed, warnings)


def finish(
    workspace: Workspace,
    plan: Plan,
    online: Sequence[Signer],
    *,
    now: int,
    progress: Progress | None = None,
    press: Press | None = None,
) -> tuple[Publication, Pages]:
    """Release ``plan``: the metadata that is now in force, and with ``press`` the slips made with it.

    What was kept before is settled (``settle``, rule 3).

    Raises:
        TrustError: ``below-threshold``, with who is missing; or as ``ceremony.commit``. Nothing
            was changed.
        StorageError: As ``settle.put_and_keep``.
    """
    roles = plan.status(workspace)
    if not all(role.is_complete for role in roles):
        raise TrustError(below(roles), code="below-threshold")
    publication = ceremony.commit(plan.draft, online, now=now, lifetimes=workspace.config.lifetimes)
    pages = make_slips(press, workspace.tree, publication, now) if press else Pages()
    put_and_keep(workspace, publication, plan.pieces, progress, pages.changed)
    workspace.drop_pending()
    return publication, pages


def wait(workspace: Workspace, plan: Plan) -> None:
    """Keep ``plan`` with the signatures it has, until ``waiting`` is asked for it."""
    facts = {
        "changes": [asdict(change) for change in plan.changes],
        "notices": plan.notices,
        "has_page": plan.has_page,
        "renewed": plan.renewed,
    }
    files = {_PLAN: json.dumps(facts, sort_keys=True).encode()}
    files |= {_ROLE + role: data for role, data in plan.draft.roles.items()}
    files |= {_PIECE + digest: data for digest, data in plan.pieces.items()}
    before = workspace.pending.load()
    workspace.pending.commit(files, after=before.number if before else 0)


def waiting(workspace: Workspace, publication: Publication) -> Plan | None:
    """The release that waits for signatures, on top of the newest metadata; None where none does.

    Raises:
        TrustError: ``stale-draft``: a role of it was changed in the meantime; drop it.
        StorageError: It is damaged.
    """
    stored = workspace.pending.load()
    if stored is None:
        return None
    try:
        facts: dict[str, Any] = json.loads(stored.files[_PLAN])
        draft = Draft(publication, _under(_ROLE, stored.files))
        pieces = {digest: piece.check(digest, data) for digest, data in _under(_PIECE, stored.files).items()}
        changed = tuple(ChannelChange(**each) for each in facts["changes"])
    except (ValueError, KeyError, TypeError, FormatError) as error:
        raise StorageError(
            "The release that waits for signatures is damaged: drop it with --discard.",
            code="pending-damaged",
        ) from error
    renewed = tuple(facts["renewed"])
    has_page = bool(facts["has_page"])
    return Plan(ceremony.rebase(draft, publication), pieces, changed, facts["notices"], has_page, renewed)


def _under(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.removeprefix(prefix): data for name, data in files.items() if name.startswith(prefix)}


def below(roles: Sequence[RoleStatus]) -> str:
    """The sentence that says which signatures are missing."""
    lacking = [
        f"{role.role} needs {role.threshold} signatures: {' and '.join(role.signed) or 'nobody'} signed, "
        f"{', '.join(role.missing)} could"
        for role in roles
        if not role.is_complete
    ]
    return f"Nothing was released: {'; '.join(lacking)}."


def _issue_notices(
    workspace: Workspace, publication: Publication, now: int
) -> tuple[NoticeSet | None, tuple[Finding, ...]]:
    before = current_notices(workspace.tree, publication)
    return next_set(load_notices(workspace), before, publisher=workspace.config.id, now=now)
