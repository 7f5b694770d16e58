"""Notices: what a reader must know before an act, as data, decisions and finished texts.

This package names what a reader's program needs; it never loads Fluent or Babel. A publisher's
program takes ``mirror.notices.load`` and ``mirror.notices.render`` besides. See ``NOTICES.md``.
"""

from mirror.notices.decide import Concern, Decision, ReaderContext, Truth, decide
from mirror.notices.encode import admit, decode, encode
from mirror.notices.gate import Block, GateText, InfoPage, Kind, gate, info_page, plain
from mirror.notices.model import Act, Level, NoticeSet, Standing

__all__ = [
    "Act",
    "Block",
    "Concern",
    "Decision",
    "GateText",
    "InfoPage",
    "Kind",
    "Level",
    "NoticeSet",
    "ReaderContext",
    "Standing",
    "Truth",
    "admit",
    "decide",
    "decode",
    "encode",
    "gate",
    "info_page",
    "plain",
]
