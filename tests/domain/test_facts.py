"""The facts of a message are read from rows of any version, and written as older ones read them."""

import ast
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import chalicelib
from chalicelib.adapters.rows import record_of, row_of
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.messaging.transitions import erase_words_patch
from tests.house import modules_in

CODE = Path(chalicelib.__path__[0])
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
STORED: dict[str, str] = {
    "detail": "where do I park",
    "number": "+13165550142",
    "deadline_at": "2026-12-01T12:00:00+00:00",
    "mailed": "no",
    "urgent": "yes",
    "page": "REQ-0000000001",
    "asks": "ride",
    "adds": "preparation",
    "called": "yes",
    "retry": "2",
    "every": "60",
    "starts": "2026-12-08T15:00:00+00:00 2026-12-08T19:00:00+00:00",
    "appointments": "APT-0000000001 APT-0000000002",
    "alarm": "TSK-0000000001",
    "subject_id": "APT-0000000001",
    "stage": "waiting",
    "since": "2026-12-01T11:45:00+00:00",
    "until": "2026-12-01T12:00:00+00:00",
}


def older_row(**more: Any) -> dict[str, Any]:
    """A row as it was stored before it said of itself what its id ends with."""
    message = Message(
        id="APT-0000000001.v1-reminder",
        kind="reminder",
        channel=Channel.TEXT,
        scheduled_at=NOON,
        send_before=NOON,
        created_at=NOON,
        due_at=NOON,
    )
    stored = row_of(message, shards=1)
    for name in ("base_id", "repetition", "stands_in_for", "set_aside"):
        stored.pop(name, None)
    return stored | more


def read(**more: Any) -> Message:
    found = record_of(older_row(**more))
    assert isinstance(found, Message)
    return found


def test_every_fact_is_read_and_written_as_it_was_stored() -> None:
    assert STORED.keys() == Facts.model_fields.keys()
    message = read(facts=STORED)
    assert row_of(message, shards=1)["facts"] == STORED


def test_facts_are_what_they_are_and_no_text() -> None:
    facts = read(facts=STORED).facts
    assert facts.deadline_at == NOON
    assert facts.starts == (NOON + timedelta(days=7, hours=3), NOON + timedelta(days=7, hours=7))
    assert facts.appointments == ("APT-0000000001", "APT-0000000002")
    assert (facts.retry, facts.every) == (2, 60)
    assert (facts.mailed, facts.urgent, facts.called) == (False, True, True)


def test_what_is_as_by_default_is_not_stored() -> None:
    assert Facts().model_dump() == {}
    assert Facts(mailed=True, retry=0, starts=()).model_dump() == {}


def test_a_moment_of_another_zone_is_stored_in_utc() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=-6)))
    assert Facts(deadline_at=there).model_dump() == {"deadline_at": STORED["deadline_at"]}


def test_a_fact_that_a_newer_version_added_is_left_out() -> None:
    assert read(facts={"page": "REQ-1", "colour": "blue"}).facts == Facts(page="REQ-1")


@pytest.mark.parametrize("odd", [{"deadline_at": "at noon"}, "at noon", ["noon"]])
def test_a_fact_that_cannot_be_understood_is_refused_without_a_word_of_it(odd: object) -> None:
    with pytest.raises(Unreadable) as refused:
        read(facts=odd)
    assert "noon" not in str(refused.value)


def test_the_words_go_by_age_and_the_other_facts_stay() -> None:
    patch = erase_words_patch(read(facts=STORED), now=NOON)
    assert patch.set["facts"] == {name: said for name, said in STORED.items() if name != "detail"}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        pytest.param({}, {"base_id": "APT-0000000001.v1-reminder"}, id="the first"),
        pytest.param(
            {"id": "APT-1.v1-reminder-r2", "facts": {"retry": "2"}},
            {"base_id": "APT-1.v1-reminder"},
            id="a retry",
        ),
        pytest.param(
            {"id": "APT-1.v1-reminder-r1-mail", "facts": {"retry": "1"}},
            {"base_id": "APT-1.v1-reminder", "stands_in_for": "APT-1.v1-reminder-r1"},
            id="a mail in its place",
        ),
        pytest.param(
            {"id": "TXT-1.alarm-80-nurse", "staff_id": "nurse"},
            {"base_id": "TXT-1.alarm-80"},
            id="for one of the staff",
        ),
        pytest.param(
            {"id": "TXT-1.alarm-80-nurse-again-11", "staff_id": "nurse"},
            {"base_id": "TXT-1.alarm-80", "repetition": 11},
            id="a repetition",
        ),
        pytest.param({"reason": "unreadable"}, {"set_aside": True}, id="that cannot be read"),
        pytest.param({"reason": "error: NotFound"}, {"set_aside": True}, id="that failed"),
        pytest.param({"reason": "quiet hours"}, {"set_aside": False}, id="that waits"),
    ],
)
def test_an_older_row_says_by_its_id_and_its_reason_what_a_newer_one_has_as_fields(
    stored: dict[str, Any], said: dict[str, Any]
) -> None:
    message = read(**stored)
    assert {name: getattr(message, name) for name in said} == said


def test_no_meaning_hangs_on_the_ending_of_a_newer_rows_id_or_on_its_reason() -> None:
    newer = {"base_id": "APT-1.v1-by-mail", "set_aside": False}
    message = read(id="APT-1.v1-by-mail", reason="error: NotFound", **newer)
    assert message.stands_in_for is None
    assert not message.set_aside


def test_nothing_looks_at_how_the_id_of_a_record_ends() -> None:
    looking = {
        file
        for file, module in modules_in(CODE).items()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and node.attr in ("endswith", "removesuffix", "rpartition")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "id"
    }
    assert looking == set()
