"""`deliver` is ended in the middle of a batch: what it had not come to is taken up (F25)."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.ports import Accepted
from tests.builders.looks import row
from tests.races.sharing import due_texts
from tests.world import FakeTexts, World


class TimeOut(BaseException):
    """The platform ends the function: nothing of it runs on, not even what catches errors."""


class EndedTexts(FakeTexts):
    """A provider during whose call the function is ended, before or after it accepted the text."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.until_the_end = 0  #: texts, the one at which it ends among them; 0: it does not end
        self.is_accepted_first = False

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        self.until_the_end -= 1
        if self.until_the_end == 0 and not self.is_accepted_first:
            raise TimeOut
        accepted = super().send(
            to=to, body=body, status_callback=status_callback, validity=validity
        )
        if self.until_the_end == 0:
            raise TimeOut
        return accepted


@pytest.fixture
def ended() -> Iterator[tuple[World, EndedTexts]]:
    world = World()
    world.texts = texts = EndedTexts(world)
    world.replace(text_sender=texts, text_inbox=texts)
    wiring.provide(world.services)
    yield world, texts
    wiring.provide(None)


def deliver(ids: list[str]) -> None:
    """One batch, as the platform hands it over."""
    import app

    records = [{"body": each, "eventSource": "aws:sqs", "receiptHandle": "1"} for each in ids]
    app.deliver({"Records": records}, None)


@pytest.mark.parametrize("by", ["the queue", "the tick"])
@pytest.mark.parametrize("is_accepted_first", [False, True], ids=["before", "after"])
def test_a_batch_that_ends_in_the_middle_is_taken_up_and_each_text_leaves_once(
    ended: tuple[World, EndedTexts], is_accepted_first: bool, by: str
) -> None:
    """F25: the third of five, before or after the provider accepted its text."""
    world, texts = ended
    ids = due_texts(world, count=5, numbers=5)
    texts.until_the_end, texts.is_accepted_first = 3, is_accepted_first
    with pytest.raises(TimeOut):
        deliver(ids)
    assert len(texts.sent) == 2 + is_accepted_first
    assert [row(world, each).status for each in ids[2:]] == [
        MessageStatus.SENDING,
        MessageStatus.PENDING,
        MessageStatus.PENDING,
    ]
    if by == "the queue":
        deliver(ids)
    else:
        world.clock.at += timedelta(minutes=1)
        world.tick()
    assert len(texts.sent) == 4 + is_accepted_first
    world.run_for(hours=1)
    times = Counter(url.partition("#")[0].rpartition("/")[2] for url in texts.callbacks)
    assert times == dict.fromkeys(ids, 1)
    assert {row(world, each).status for each in ids} == {MessageStatus.SENT}
