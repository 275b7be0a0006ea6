"""How a message's words go from its row, which keeps what became of it (R55)."""

from datetime import datetime

from chalicelib.domain.change import Is, Patch
from chalicelib.domain.life import line
from chalicelib.domain.message import Message


def erased(message: Message, *, now: datetime) -> Patch:
    """The row has no words any more, and keeps what became of it (R55)."""
    facts = {name: fact for name, fact in message.facts.items() if name != "detail"}
    return Patch(
        message.key,
        set={"body": None, "facts": facts},
        append={"history": (line(now, "erased", ""),)},
        when=(Is("status", message.status.value),),
    )


def without_traces(message: Message, *, now: datetime) -> list[Patch]:
    """The row says neither what was said nor to whom; nothing to write where it says neither."""
    if message.body is None and message.to is None and not message.facts:
        return []
    return [
        Patch(
            message.key,
            set={"body": None, "to": None, "facts": {}},
            append={"history": (line(now, "erased", ""),)},
            when=(Is("status", message.status.value), Is("claim_id", message.claim_id)),
        )
    ]
