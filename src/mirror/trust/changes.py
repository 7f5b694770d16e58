"""Every change a publisher makes to a publication's metadata; each gives a ``Draft`` to be signed.

Pure and always one version further: what was published is never changed, only followed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from tuf.api.metadata import DelegatedRole, Delegations, Role, Root, Signed, TargetFile, Targets

from mirror.errors import LimitError, TrustError
from mirror.limits import MAX_METADATA
from mirror.model import CHANNEL_ID
from mirror.trust.keys import PublicKey
from mirror.trust.metadata import ROTATION, key_material, moment, pack, read
from mirror.trust.publication import (
    DEFAULT_LIFETIMES,
    ONLINE,
    Draft,
    Holders,
    Lifetimes,
    Publication,
    stamp,
)
from mirror.trust.state import GROUP_PREFIX, NAMED_ROLES, NOTICES_ROLE, READER_ROLE, channel_role

TARGET_PATH: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}/[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
# A signature in JSON: a key id of 64 hex digits, a P-256 signature of at most 144, and the names.
_SIGNATURE_ROOM: Final = 240
# What "targets" keeps free for the entries of groups: some six, with what they are to hold.
_GROUP_ROOM: Final = 3_000


class _Edit:
    """A draft in the making: opened roles get the next version, a new instant and a new expiry."""

    def __init__(self, base: Publication | None, now: int, lifetimes: Lifetimes) -> None:
        self.base = base
        self.now = now
        self.lifetimes = lifetimes
        self.changed: dict[str, Signed] = {}

    def create(self, role: str, signed: Signed) -> None:
        self.changed[role] = signed
        stamp(signed, role, self.now, self.lifetimes)

    def parents(self) -> list[str]:
        """``targets`` and the groups, also those made in this edit."""
        made = [role for role in self.changed if role.startswith(GROUP_PREFIX)]
        return list(dict.fromkeys([*Draft(self.base, {}).parents(), *made]))

    def copy(self, role: str) -> Targets:
        """What ``role`` says now; changing the copy changes nothing."""
        if role in self.changed:
            return read(pack(self.changed[role]), Targets)
        assert self.base is not None
        return read(self.base.roles[role], Targets)

    def open(self, role: str) -> Targets:
        if role not in self.changed:
            signed = self.copy(role)
            signed.version += 1
            self.create(role, signed)
        opened = self.changed[role]
        assert isinstance(opened, Targets)
        return opened

    def open_root(self) -> Root:
        assert self.base is not None
        root = self.base.root
        root.version += 1
        self.create(Root.type, root)
        return root

    def draft(self) -> Draft:
        return Draft(self.base, {role: pack(signed) for role, signed in self.changed.items()})


def new_publication(
    *,
    root: Holders,
    targets: Holders,
    snapshot: Holders,
    timestamp: Holders,
    notices: Holders,
    channels: Mapping[str, Holders],
    now: int,
    reader: Holders | None = None,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
) -> Draft:
    """Return the draft of a publication's first metadata: no channel has a target yet.

    ``reader`` are who may sign the program of the browser's reader; None: nobody, for now.

    Raises:
        LimitError: ``metadata-too-large``: more channels and keys than the files can name.
        TrustError: ``duplicate-name``: two different keys have one name.
        ValueError: A channel id that no channel may have.
    """
    readers = [reader] if reader else []
    _check_names([root, targets, snapshot, timestamp, notices, *readers, *channels.values()])
    edit = _Edit(None, now, lifetimes)
    holders = {"root": root, "targets": targets, "snapshot": snapshot, "timestamp": timestamp}
    first = Root(expires=moment(now), consistent_snapshot=True)
    for role, who in holders.items():
        _set_root_role(first, role, who)
    edit.create(Root.type, first)
    edit.create(Targets.type, _empty_targets(delegates=True))
    _delegate(edit, NOTICES_ROLE, notices)
    for who in readers:
        _delegate(edit, READER_ROLE, who)
    for channel in sorted(channels):
        _delegate(edit, _channel(channel), channels[channel])
    return edit.draft()


def rotate_root(
    publication: Publication,
    *,
    now: int,
    root: Holders | None = None,
    targets: Holders | None = None,
    snapshot: Holders | None = None,
    timestamp: Holders | None = None,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
) -> Draft:
    """Return the draft of the next root; holders given replace the old ones, None keeps them.

    Without any, it only gets a later expiry. New ``targets`` holders must sign ``targets`` and the
    groups again, so those are in the draft too. The new root needs the old threshold and the new.
    """
    edit = _Edit(publication, now, lifetimes)
    new = edit.open_root()
    asked = {"root": root, "targets": targets, "snapshot": snapshot, "timestamp": timestamp}
    for role, who in asked.items():
        if who is not None:
            _set_root_role(new, role, who)
    if targets is not None:
        top = edit.open(Targets.type)
        for group in Draft(publication, {}).parents():
            if group != Targets.type:
                _set_delegated(top, group, targets)
                edit.open(group)
    return edit.draft()


def add_channel(
    publication: Publication,
    channel: str,
    holders: Holders,
    *,
    now: int,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
) -> Draft:
    """Return the draft that adds ``channel``, without a target yet.

    Raises:
        TrustError: ``channel-exists``.
        LimitError: ``metadata-too-large``.
    """
    role = _channel(channel)
    if role in publication.roles:
        raise TrustError("the publication has this channel already", code="channel-exists")
    edit = _Edit(publication, now, lifetimes)
    _delegate(edit, role, holders)
    return edit.draft()


def rekey(
    publication: Publication,
    role: str,
    holders: Holders,
    *,
    now: int,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
) -> Draft:
    """Return the draft that gives a channel's role or ``notices`` new holders, who sign it again."""
    edit = _Edit(publication, now, lifetimes)
    parent = Draft(publication, {}).parent(role)
    if parent == Root.type or role.startswith(GROUP_PREFIX):
        raise TrustError("this role is changed by a new root", code="no-role")
    _set_delegated(edit.open(parent), role, holders)
    edit.open(role)
    return edit.draft()


def renew(
    publication: Publication, roles: Sequence[str], *, now: int, lifetimes: Lifetimes = DEFAULT_LIFETIMES
) -> Draft:
    """Return the draft that signs ``roles`` again, unchanged but for a later expiry."""
    edit = _Edit(publication, now, lifetimes)
    for role in roles:
        if role not in publication.roles or role in ONLINE:
            raise TrustError("the publication has no such role", code="no-role")
        edit.open(role)
    return edit.draft()


def set_rotation(
    publication: Publication,
    settings: Mapping[str, object],
    *,
    now: int,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
) -> Draft:
    """Return the draft in which ``targets`` says ``settings`` about rotation (``rotation.settings``).

    Raises:
        LimitError: ``metadata-too-large``: the file has no room left for them.
    """
    edit = _Edit(publication, now, lifetimes)
    _say_rotation(edit, settings)
    return edit.draft()


def release(
    publication: Publication,
    targets: Mapping[str, Mapping[str, tuple[int, str]]],
    *,
    now: int,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
    rotation: Mapping[str, object] | None = None,
    reader: Holders | None = None,
) -> Draft:
    """Return the draft in which channels (by id), ``notices`` and ``reader`` say new targets.

    Args:
        publication: The newest one.
        targets: Channel id, ``notices`` or ``reader`` → target path → (length in bytes, SHA-256 in
            hex). A mapping replaces all targets of its role; roles not named stay as they are.
        now: When it is issued.
        lifetimes: See ``Lifetimes``.
        rotation: What ``targets`` is to say about rotation from now on; None: what it says.
        reader: Who may sign ``reader``, where the publication has no such role yet.

    Raises:
        TrustError: ``no-role``: no such channel.
        LimitError: ``metadata-too-large``.
        ValueError: A path outside the role's own, a length or a digest that is none.
    """
    edit = _Edit(publication, now, lifetimes)
    if reader is not None and READER_ROLE not in publication.roles:
        _delegate(edit, READER_ROLE, reader)
    if rotation is not None:
        _say_rotation(edit, rotation)
    for name in sorted(targets):
        role = name if name in NAMED_ROLES else _channel(name)
        if role not in publication.roles and role not in edit.changed:
            raise TrustError("the publication has no such role", code="no-role")
        files: dict[str, TargetFile] = {}
        for path, (length, digest) in sorted(targets[name].items()):
            if not TARGET_PATH.fullmatch(path) or not path.startswith(f"{name}/"):
                raise ValueError("a target path outside its role")
            if length < 0 or not SHA256.fullmatch(digest):
                raise ValueError("a length and a SHA-256")
            files[path] = TargetFile(length, {"sha256": digest}, path)
        edit.open(role).targets = files
    return edit.draft()


def _check_names(holders: Sequence[Holders]) -> None:
    """A person who signs two roles has one key name; two people never share one."""
    named: dict[str, bytes] = {}
    for each in (key for group in holders for key in group.keys):
        if named.setdefault(each.name, key_material(each.key)) != key_material(each.key):
            raise TrustError("two keys have the same name", code="duplicate-name")


def _say_rotation(edit: _Edit, settings: Mapping[str, object]) -> None:
    top = edit.open(Targets.type)
    top.unrecognized_fields[ROTATION] = dict(settings)
    if len(pack(top)) > MAX_METADATA - _SIGNATURE_ROOM * len(_top_holders(edit).keys):
        raise LimitError("what is said about rotation does not fit", code="metadata-too-large")


def _channel(channel: str) -> str:
    if not CHANNEL_ID.fullmatch(channel) or channel in NAMED_ROLES:
        raise ValueError("channel id")
    return channel_role(channel)


def _empty_targets(*, delegates: bool) -> Targets:
    return Targets(expires=moment(0), delegations=Delegations({}, {}) if delegates else None)


def _set_root_role(root: Root, role: str, holders: Holders) -> None:
    root.roles[role] = Role([each.keyid for each in holders.keys], holders.threshold)
    root.keys |= {each.keyid: each.key for each in holders.keys}
    used = {keyid for each in root.roles.values() for keyid in each.keyids}
    root.keys = {keyid: key for keyid, key in root.keys.items() if keyid in used}


def _set_delegated(parent: Targets, role: str, holders: Holders, paths: Sequence[str] | None = None) -> None:
    """Let ``parent`` delegate ``role`` to ``holders``; ``paths`` only where it is new or they change."""
    assert parent.delegations is not None
    assert parent.delegations.roles is not None
    roles = parent.delegations.roles
    kept = roles[role].paths if role in roles else None
    roles[role] = DelegatedRole(
        role,
        [each.keyid for each in holders.keys],
        holders.threshold,
        terminating=True,
        paths=list(paths) if paths is not None else kept,
    )
    keys = parent.delegations.keys | {each.keyid: each.key for each in holders.keys}
    used = {keyid for each in roles.values() for keyid in each.keyids}
    parent.delegations.keys = {keyid: key for keyid, key in keys.items() if keyid in used}


def _delegate(edit: _Edit, role: str, holders: Holders) -> None:
    """R15: delegate ``role`` in the first of ``targets`` and the groups that has room, or a new group."""
    paths = [f"{role.removeprefix(channel_role(''))}/*"]
    top_holders = _top_holders(edit)
    signatures = _SIGNATURE_ROOM * len(top_holders.keys)
    edit.create(role, _empty_targets(delegates=False))
    existing = edit.parents()
    for parent in (*existing, f"{GROUP_PREFIX}{len(existing)}"):
        trial = edit.copy(parent) if parent in existing else _empty_targets(delegates=True)
        _set_delegated(trial, role, holders, paths)
        stamp(trial, parent, edit.now, edit.lifetimes)
        room = MAX_METADATA - signatures - (_GROUP_ROOM if parent == Targets.type else 0)
        if len(pack(trial)) <= room:
            break
    else:
        raise LimitError("a role with so many keys does not fit into a file", code="metadata-too-large")
    if parent in existing:
        _set_delegated(edit.open(parent), role, holders, paths)
    else:
        edit.create(parent, trial)
    if parent != Targets.type:
        top = edit.open(Targets.type)
        assert top.delegations is not None
        assert top.delegations.roles is not None
        entry = top.delegations.roles.get(parent)
        _set_delegated(top, parent, top_holders, [*(entry.paths or [] if entry else []), *paths])
        if len(pack(top)) > MAX_METADATA - signatures:
            raise LimitError("the publication has too many channels", code="metadata-too-large")


def _top_holders(edit: _Edit) -> Holders:
    """The holders of ``targets``, who sign the groups too; their names are not in the metadata."""
    root = edit.changed.get(Root.type) or (edit.base.root if edit.base is not None else None)
    assert isinstance(root, Root)
    keyids = root.roles[Targets.type].keyids
    keys = tuple(PublicKey(f"key-{number}", root.keys[keyid]) for number, keyid in enumerate(keyids))
    return Holders(keys, root.roles[Targets.type].threshold)
