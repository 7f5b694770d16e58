"""What Python decides and says about notices, as the browser's core gives it in JSON."""

from typing import Any

from mirror.notices import Block, Decision, GateText, InfoPage, ReaderContext
from mirror.notices.text import Found, Shown

Json = Any


def of_reader(reader: ReaderContext) -> Json:
    def listed(answer: frozenset[str] | None) -> list[str] | None:
        return None if answer is None else sorted(answer)

    return {
        "located": reader.located,
        "citizenships": listed(reader.citizenships),
        "statelessResidentOf": listed(reader.stateless_resident_of),
    }


def of_decision(made: Decision) -> Json:
    return {
        "level": made.level,
        "concerns": [
            {
                "designation": each.designation,
                "applies": each.applies,
                "level": each.level,
                "standing": each.standing,
                "penalties": list(each.penalties),
                "instead": each.instead,
                "pastCounts": each.past_counts,
                "recipientRisk": each.recipient_risk,
                "isOld": each.may_be_out_of_date,
            }
            for each in made.concerns
        ],
        "isOld": made.may_be_out_of_date,
    }


def of_block(block: Block | None) -> Json:
    return block and {
        "kind": block.kind,
        "text": block.text,
        "language": block.language,
        "direction": block.direction,
    }


def of_page(page: GateText | InfoPage) -> Json:
    lists = {
        name: [of_block(each) for each in getattr(page, name)] for name in ("labels", "blocks", "beside")
    }
    return {"title": of_block(page.title), **lists}


def of_gate(shown: GateText) -> Json:
    return of_page(shown) | {
        "act": shown.act,
        "level": shown.level,
        "back": of_block(shown.back),
        "question": of_block(shown.question),
        "again": of_block(shown.again),
        "proceed": of_block(shown.proceed),
        "more": list(shown.more),
        "memoryOnly": shown.memory_only,
    }


def of_shown(shown: Shown | None) -> Json:
    return shown and {
        "text": shown.text,
        "language": shown.language,
        "direction": shown.direction,
        "state": shown.state,
        "isOutdated": shown.is_outdated,
        "isGood": shown.is_good,
    }


def of_found(found: Found) -> Json:
    return {"shown": of_shown(found.shown), "beside": of_shown(found.beside)}
