"""The sample clinic, its opening hours, and what the errors of a bad file say."""

import re
from datetime import UTC, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clinic.profile import Clinic, UnknownInClinic, load_profile
from chalicelib.toml_files import CLINIC_DATA, TomlFileError, checked, read
from tests.builders.plans import WICHITA, wichita


@pytest.mark.parametrize(
    ("received", "answer_by"),
    [
        pytest.param("2026-12-01 09:00", "2026-12-01 13:00", id="within a day"),
        pytest.param("2026-12-01 13:30", "2026-12-01 17:30", id="just fits"),
        pytest.param("2026-12-01 15:30", "2026-12-02 10:30", id="over night"),
        pytest.param("2026-12-01 17:30", "2026-12-02 12:30", id="at closing"),
        pytest.param("2026-12-01 03:00", "2026-12-01 12:30", id="before opening"),
        pytest.param("2026-12-04 13:00", "2026-12-07 10:30", id="over the week-end"),
        pytest.param("2026-12-05 12:00", "2026-12-07 12:30", id="on a Saturday"),
        pytest.param("2026-11-25 16:00", "2026-11-30 11:00", id="over two holidays"),
        pytest.param("2026-12-31 16:30", "2027-01-04 11:30", id="over the new year"),
        pytest.param("2026-03-06 14:00", "2026-03-09 11:30", id="over the short week-end"),
        pytest.param("2026-10-30 14:00", "2026-11-02 11:30", id="over the long week-end"),
    ],
)
def test_an_answer_is_due_four_opening_hours_later(received: str, answer_by: str) -> None:
    """R48."""
    assert load_profile().answer_by(wichita(received)) == wichita(answer_by)


@given(minutes=st.integers(0, 1_000_000))
def test_answers_are_due_while_the_clinic_is_open_or_as_it_closes(minutes: int) -> None:
    received = wichita("2026-01-01 00:00").astimezone(UTC) + timedelta(minutes=minutes)
    clinic = load_profile()
    due = clinic.answer_by(received)
    assert due >= received + timedelta(hours=4)
    assert clinic.is_open(due - timedelta(seconds=1))
    assert clinic.is_open(clinic.next_opening(received))


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-12-01 08:29", False),
        ("2026-12-01 08:30", True),
        ("2026-12-01 17:29", True),
        ("2026-12-01 17:30", False),
        ("2026-12-04 15:30", False),
        ("2026-12-06 12:00", False),
        ("2026-12-25 12:00", False),
    ],
)
def test_the_clinic_is_open_at_its_hours_and_closed_on_holidays(at: str, is_open: bool) -> None:
    assert load_profile().is_open(wichita(at)) is is_open


def test_the_sample_clinic_is_fictional_and_complete() -> None:
    clinic = load_profile()
    assert clinic.sample
    assert clinic.zone == WICHITA
    assert clinic.phone_said == "316-555-0100"
    assert clinic.hours_said() == "Mon-Thu 8:30 AM-5:30 PM, Fri 8:30 AM-3:00 PM"
    rooms = [resource.id for resource in clinic.resources]
    assert rooms == ["room-1", "room-2", "chair-1", "line-1"]
    assert {person.role for person in clinic.staff} == {"scheduler", "nurse", "manager"}
    assert all(person.email.endswith("@example.com") for person in clinic.staff)
    assert clinic.length("iv_infusion") == timedelta(hours=2)
    assert (clinic.caps.per_day, clinic.caps.per_week) == (3, 10)


def test_what_the_clinic_does_not_have_is_said() -> None:
    for look_up in (load_profile().visit_type, load_profile().staff_member):
        with pytest.raises(UnknownInClinic):
            look_up("no-such")


def test_the_consent_wordings_say_what_they_must() -> None:
    """R1, R3."""
    appointment = load_profile().consent("appointment").text
    for needed in ("Cottonwood Clinic", "10 messages a week", "Msg & data rates may apply", "STOP"):
        assert needed in appointment
    assert "HELP" in appointment
    assert "not encrypted" in load_profile().consent("detailed").text


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("phone",), "316-555-0100", r"phone: .*it is '316-555-0100'"),
        (("time_zone",), "Kansas", r'time_zone: write an IANA time zone such as "America/Chicago"'),
        (("hours", "mon"), ["17:30", "08:30"], r"hours\.mon: write the opening time first"),
        (("hours", "mon", 0), "half past eight", r"hours\.mon.*time"),
        (("nmae",), "x", r"nmae: is not a known key"),
        (("visit_types", 1, "duration"), "an hour", r"visit_types\[2\] \(id iv_infusion\)\.dur"),
        (
            ("visit_types", 0, "resources"),
            ["room-9"],
            r"visit type consultation names \['room-9'\]",
        ),
        (
            ("visit_types", 1, "route"),
            "intramuscular",
            r"visit type iv_infusion names the route 'intramuscular'; add \[routes\.intramu",
        ),
        (("routes", "iv", "watched_for"), "an hour", r"routes\.iv\.watched_for: write a length"),
        (("staff", 1, "id"), "manager", r"staff uses a name twice"),
        (("holidays", 0, "on"), "Christmas", r"holidays\[1\]\.on"),
        (("caps", "per_day"), 0, r"caps\.per_day"),
        (("quiet", "aftercare_until"), "20:30", r"quiet\.aftercare_until: .*it is '20:30'"),
        (("quiet", "aftercare_until"), "23:45", r"quiet\.aftercare_until: .*it is '23:45'"),
        (("quiet", "aftercare_until"), "late", r"quiet\.aftercare_until: write a time such as"),
        (("consents", "appointment", "text"), {}, r"consents\.appointment: the English text"),
    ],
)
def test_a_bad_profile_says_the_file_the_key_and_how_to_mend_it(
    path: tuple[str | int, ...], value: object, says: str
) -> None:
    values = read(CLINIC_DATA, "clinic.toml")
    place = values
    for part in path[:-1]:
        place = place[part]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    with pytest.raises(TomlFileError) as error:
        checked(Clinic, "clinic.toml", values)
    assert str(error.value).startswith("clinic.toml cannot be used:")
    assert re.search(says, str(error.value)), str(error.value)


def test_a_clinic_that_does_not_say_until_when_has_half_past_ten() -> None:
    """R14."""
    values = read(CLINIC_DATA, "clinic.toml")
    del values["quiet"]["aftercare_until"]
    assert checked(Clinic, "clinic.toml", values).quiet.aftercare_until == time(22, 30)


def test_a_missing_key_is_named() -> None:
    values = read(CLINIC_DATA, "clinic.toml")
    del values["phone"]
    with pytest.raises(TomlFileError, match="phone: is missing; add this key"):
        checked(Clinic, "clinic.toml", values)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TomlFileError, match=r"^careplans/none\.toml is missing; add this file$"):
        read(CLINIC_DATA, "careplans/none.toml")
