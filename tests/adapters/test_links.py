"""Links: who they name, how long, and that nothing else is one."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.links import STAFF_LINK_LIFE, SignedLinks
from chalicelib.domain.errors import LinkExpired, NotFound

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
KEYS = ("the-newest-key-0123456789", "an-older-key-0123456789")


def links(*keys: str, base: str = "https://book.example.com/api") -> SignedLinks:
    return SignedLinks(base_url=base, keys=keys or KEYS)


def token() -> str:
    return links().staff_token(subject_id="REQ-0000000001", staff_id="nurse", now=NOW)


def test_a_staff_link_names_its_subject_and_whom_it_was_mailed_to() -> None:
    assert links().read_staff(token(), now=NOW) == ("REQ-0000000001", "nurse")


def test_a_staff_link_ends() -> None:
    late = NOW + STAFF_LINK_LIFE
    assert links().read_staff(token(), now=late - timedelta(seconds=1))
    with pytest.raises(LinkExpired):
        links().read_staff(token(), now=late)
    assert links().read_expired(token()).staff_id == "nurse"


def test_a_link_of_an_older_key_is_read_and_of_a_retired_one_not() -> None:
    old = links(KEYS[1]).staff_token(subject_id="REQ-1", staff_id="nurse", now=NOW)
    assert links().read_staff(old, now=NOW).subject_id == "REQ-1"
    with pytest.raises(NotFound):
        links(KEYS[0]).read_staff(old, now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("", id="nothing"),
        pytest.param("x", id="a letter"),
        pytest.param(token()[:-1], id="cut"),
        pytest.param(token()[1:], id="cut in front"),
        pytest.param(token().replace(".", "", 1), id="without its dot"),
        pytest.param("é" + token(), id="not ASCII"),
        pytest.param(token() + "A", id="longer"),
        pytest.param("\x00" * 40, id="NUL"),
    ],
)
def test_a_wrong_token_is_not_found_whatever_is_wrong(wrong: str) -> None:
    with pytest.raises(NotFound):
        links().read_staff(wrong, now=NOW)


@pytest.mark.parametrize("place", [*range(0, len(token()), 7), len(token()) - 1])
def test_a_flipped_letter_is_not_found(place: int) -> None:
    good = token()
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        flipped = good[:place] + letter + good[place + 1 :]
        if flipped != good:
            with pytest.raises(NotFound):
                links().read_staff(flipped, now=NOW)


def test_a_patients_token_is_the_same_each_time_and_another_for_each_subject() -> None:
    one, again, other = (links().patient_token(s) for s in ("APT-1", "APT-1", "APT-2"))
    assert one == again != other
    assert len(one) == 22
    assert one.isalnum()
    assert one not in links().hashed(one)


def test_addresses_come_from_the_configured_base() -> None:
    assert links().staff_url("t") == "https://book.example.com/api/s/t"
    assert links().patient_url("t") == "https://book.example.com/api/v/t"
    assert (
        links().status_callback("APT-1.v1-reminder")
        == "https://book.example.com/api/twilio/status/APT-1.v1-reminder#rc=5&rp=all"
    )
