"""The process dies while a request is taken: it is there whole or not at all, and once (F1, F2)."""

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.domain.change import Change
from chalicelib.domain.record import Record
from local.memory_store import MemoryStore
from tests.builders.pages import json_fields
from tests.web.browser import browsing
from tests.world import World


class Killed(BaseException):
    """The process is gone: nothing after it runs, and nobody catches it."""


class MortalStore(MemoryStore):
    """A table whose next commits each have something happen around them."""

    def __init__(self) -> None:
        super().__init__(shards=2)
        self.next: Iterator[str] = iter(())

    def commit(self, change: Change) -> None:
        failure_class = next(self.next, "")
        if failure_class == "dies before":
            raise Killed
        super().commit(change)
        if failure_class == "dies after":
            raise Killed


def mortal_world() -> tuple[World, MortalStore]:
    world, store = World(), MortalStore()
    world.store = store
    world.replace(store=store)
    return world, store


def test_who_sends_again_what_died_before_its_commit_is_one_request() -> None:
    """F1: nothing was stored, and the same key is as good as new."""
    world, store = mortal_world()
    with browsing(world) as browser:
        store.next = iter(["dies before"])
        with pytest.raises(Killed):
            browser.json("/requests", json_fields(), Idempotency_Key="k-1")
        assert store._rows == {}
        world.run_for(minutes=5)
        assert world.mails.sent == []
        answer = browser.json("/requests", json_fields(), Idempotency_Key="k-1")
    assert answer.status_code == 201
    assert references(world) == [answer.json_body["reference"]]
    each_of_the_staff_has_one_mail(world)


@pytest.mark.parametrize(
    "fates", [["dies after"], ["", "dies before"], ["", "dies after"]], ids=", ".join
)
def test_who_sends_again_what_died_before_its_answer_is_told_the_same_request(
    fates: list[str],
) -> None:
    """F2: one request, one mail to each of the staff, though its hint to the queue died too."""
    world, store = mortal_world()
    with browsing(world) as browser:
        store.next = iter(fates)
        with pytest.raises(Killed):
            browser.json("/requests", json_fields(), Idempotency_Key="k-1")
        (reference,) = references(world)
        for _ in range(2):
            answer = browser.json("/requests", json_fields(), Idempotency_Key="k-1")
            assert (answer.status_code, answer.json_body["reference"]) == (201, reference)
    assert references(world) == [reference]
    each_of_the_staff_has_one_mail(world)


def references(world: World) -> list[str]:
    requests: list[Record] = world.store.open("request")
    return [request.key.pk for request in requests]


def each_of_the_staff_has_one_mail(world: World) -> None:
    world.run_for(minutes=5)
    mailed = Counter(mail.to for mail in world.mails.sent)
    assert mailed == dict.fromkeys((member.email for member in world.services.clinic.staff), 1)
