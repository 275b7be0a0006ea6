"""Bad plans, each a good one with one thing changed: the lint names the place and the fault."""

from datetime import date, time
from typing import Any

import pytest

from chalicelib.clinic.careplan.plan import CarePlan, careplan_of
from chalicelib.clinic.profile import load_profile
from chalicelib.clinic.profile_models import ConsentTexts, Opening
from chalicelib.toml_files import CLINIC_DATA, TomlFileError, read
from lint.careplans import all_faults, profile_faults

GONE = object()  # a key that is taken away

Edit = tuple[str, Any]  #: where, such as `cancelled.wording.en.neutral`, and what stands there then

STOP = "Reply STOP to opt out."
GAPS = "{day} {time} {phone}"
APPROVED = {
    "version": "1",
    "status": "approved",
    "approver": "Dr. Example",
    "role": "psychiatrist",
    "on": date(2026, 11, 1),
    "sha256": "0" * 64,
}


def edited(code: str, *edits: Edit) -> CarePlan:
    """The shipped plan with these changes; a step is named by its id."""
    values: Any = read(CLINIC_DATA, f"careplans/{code}.toml")
    steps = {step["id"]: step for step in values["steps"]}
    for place, value in edits:
        first, *keys = place.split("/")
        table = steps.get(first, values)
        if first not in steps:
            keys = [first, *keys]
        for key in keys[:-1]:
            table = table[int(key)] if isinstance(table, list) else table.setdefault(key, {})
        if value is GONE:
            del table[keys[-1]]
        elif isinstance(table, list):
            table[int(keys[-1])] = value
        else:
            table[keys[-1]] = value
    return careplan_of(load_profile(), code, values)


def case(name: str, edits: Edit | list[Edit], fault: str, plan: str = "iv_infusion") -> Any:
    listed = edits if isinstance(edits, list) else [edits]
    return pytest.param(plan, listed, fault, id=name)


ALWAYS_HELD = (
    "offset: quiet hours, 21:00 to 08:00, hold it until it is of no use, whenever the visit is;"
    " choose another time or a longer useful_for (R14)"
)
CANCELLED = "step cancelled, wording.en.neutral: "
BAD = [
    case(
        "R13 it says tomorrow and may go after midnight",
        ("aftercare/same_day", False),
        'step aftercare, same_day: it says "tomorrow", which is wrong after midnight; write true'
        " (R13)",
    ),
    case(
        "R13 it is due when a time that it names has passed",
        ("preparation/offset", {"elapsed": "-1h"}),
        "step preparation, offset: it is due when it is of no use any more: a visit at 08:30 has"
        " begun by then, or a time that it names has passed (R13)",
    ),
    case(
        "R14 a check-in that quiet hours hold until it is of no use",
        ("check_in/offset/at", "22:00"),
        "step check_in, " + ALWAYS_HELD,
    ),
    case(
        "R14 a reminder late at night",
        ("reminder/offset/at", "21:30"),
        "step reminder, " + ALWAYS_HELD,
    ),
    case(
        "R14 aftercare that comes at night, however early the session ended",
        [("aftercare/offset", {"elapsed": "12h"}), ("aftercare/useful_for", "2h")],
        "step aftercare, " + ALWAYS_HELD,
    ),
    case(
        "R20 a check-in in the early morning",
        ("check_in/offset/at", "08:30"),
        "step check_in, offset: a check-in is due the next day, not before 09:00; write"
        ' at = "10:00" (R20)',
    ),
    case(
        "R22 a placeholder that nothing fills",
        ("cancelled/wording/en/neutral", f"{{clinic}} {GAPS} {{nmae}} {STOP}"),
        CANCELLED + "{nmae} is not a known placeholder; known here: address, arrive_at, clinic,"
        " day, hours, instructions, no_food_after, no_liquids_after, per_day, per_week, phone,"
        " privacy_url, question, terms_url, time",
    ),
    case(
        "R22 a brace alone",
        ("cancelled/wording/en/neutral", f"{{clinic}} {GAPS} }} {STOP}"),
        CANCELLED + "a brace stands alone; a placeholder is written {name}",
    ),
    case(
        "R22 a question that the wording does not ask",
        ("ride/wording/en/neutral", f"{{clinic}} {{day}} {{time}} {STOP}"),
        "step ride, wording.en.neutral: the step has a question, but the wording no {question}"
        " (R22)",
    ),
    case(
        "R22 a wording with a question that is not there",
        (
            "cancelled/wording/en/neutral",
            f"{{clinic}} {GAPS} {{question}} {STOP}",
        ),
        CANCELLED + "it has {question}, but the step none; add question.en (R22)",
    ),
    case(
        "R22 a language without the wording",
        ("check_in/wording/es", GONE),
        "step check_in, wording.es: is missing; its readers would get English (R22)",
    ),
    case(
        "R22 a language without the question",
        ("ride/question/es", GONE),
        "step ride, question.es: is missing; its readers would get English (R22)",
    ),
    case(
        "R22 a language without the short instructions",
        ("preparation/brief/es", GONE),
        "step preparation, brief.es: is missing; its readers would get English (R22)",
    ),
    case(
        "R22 a language without the detailed wording",
        ("preparation/wording/es/detailed", GONE),
        "step preparation, wording.es.detailed: is missing; English has it (R22)",
    ),
    case(
        "R22 a translation without the time",
        ("cancelled/wording/es/neutral", f"{{clinic}} {{day}} {{phone}} {STOP}"),
        "step cancelled, wording.es.neutral: lacks {time}, which English has (R22)",
    ),
    case(
        "R22 a translation with a time that English has not",
        ("cancelled/wording/es/neutral", f"{{clinic}} {GAPS} {{hours}} {STOP}"),
        "step cancelled, wording.es.neutral: has {hours}, which English has not (R22)",
    ),
    case(
        "R22 a leaflet in one language alone",
        ("leaflet/es", GONE),
        "leaflet.es: is missing; the patient's page would be in English",
    ),
    case(
        "R22 a leaflet with a placeholder that nothing fills",
        ("leaflet/en/after/2", "Call {fone}."),
        "leaflet.en.after[3]: {fone} is not a known placeholder; known here: address, arrive_at,"
        " clinic, day, hours, no_food_after, no_liquids_after, per_day, per_week, phone,"
        " privacy_url, terms_url, time",
    ),
    case(
        "R23 a route that is not the clinic's",
        ("route", "intranasal"),
        "route: is 'intranasal', but clinic.toml says 'iv' (R23)",
    ),
    case(
        "R23 a route that clinic.toml does not declare",
        ("route", "subcutaneous"),
        "route: clinic.toml declares no 'subcutaneous'; add [routes.subcutaneous] (R23)",
    ),
    case(
        "R23 details of a treatment where there is none",
        (
            "reminder/wording/en/detailed",
            f"{{clinic}} {{day}} {{time}} {{question}} {{phone}} {STOP}",
        ),
        "step reminder, wording.en.detailed: a visit that is not sedating gets neutral texts only;"
        " remove this wording (R23)",
        plan="consultation",
    ),
    case(
        "R24 skip your",
        ("preparation/wording/en/detailed", f"{{clinic}} skip your pills {STOP}"),
        "step preparation, wording.en.detailed: says 'skip your', which is medicine advice (R24)",
    ),
    case(
        "R24 stop taking",
        ("preparation/wording/en/detailed", f"{{clinic}} stop taking it {STOP}"),
        "step preparation, wording.en.detailed: says 'stop taking', which is medicine advice (R24)",
    ),
    case(
        "R24 a dose",
        ("preparation/wording/en/detailed", f"{{clinic}} 5 mg {STOP}"),
        "step preparation, wording.en.detailed: says '5 mg', which is medicine advice (R24)",
    ),
    case(
        "R24 a medicine's name",
        ("preparation/wording/en/detailed", f"{{clinic}} lorazepam {STOP}"),
        "step preparation, wording.en.detailed: says 'lorazepam', which is medicine advice (R24)",
    ),
    case(
        "R24 in Spanish, in a leaflet",
        ("leaflet/es/before/4", "Deje de tomar sus pastillas."),
        "leaflet.es.before[5]: says 'Deje de tomar', which is medicine advice (R24)",
    ),
    case(
        "R25 the treatment in a neutral text",
        ("cancelled/wording/en/neutral", f"{{clinic}} {GAPS} infusion {STOP}"),
        CANCELLED + "says 'infusion', which a neutral text may not (R25)",
    ),
    case(
        "R25 a condition, in Spanish",
        ("cancelled/wording/es/neutral", f"{{clinic}} {GAPS} ansiedad {STOP}"),
        "step cancelled, wording.es.neutral: says 'ansiedad', which a neutral text may not (R25)",
    ),
    case(
        "R25 the treatment with an accent",
        ("cancelled/wording/es/neutral", f"{{clinic}} {GAPS} infusión {STOP}"),
        "step cancelled, wording.es.neutral: says 'infusión', which a neutral text may not (R25)",
    ),
    case(
        "R25 what a question reveals",
        ("ride/question/en", "Reply D if someone drives you home after the infusion."),
        "step ride, wording.en.neutral: says 'infusion', which a neutral text may not (R25)",
    ),
    case(
        "R26 no 911",
        ("check_in/wording/en/neutral", f"{{clinic}} {{phone}} 988. {STOP}"),
        "step check_in, wording.en.neutral: lacks 911 (R26)",
    ),
    case(
        "R26 no 988",
        ("check_in/wording/en/neutral", f"{{clinic}} {{phone}} 911. {STOP}"),
        "step check_in, wording.en.neutral: lacks 988 (R26)",
    ),
    case(
        "R26 no phone",
        ("check_in/wording/en/neutral", f"{{clinic}} 911 988. {STOP}"),
        "step check_in, wording.en.neutral: lacks {phone} (R26)",
    ),
    case(
        "R26 nothing on driving",
        ("aftercare/wording/en/neutral", f"{{clinic}} {{phone}} 911 988. {STOP}"),
        "step aftercare, wording.en.neutral: does not say: no driving until tomorrow after a full"
        " night's sleep (R26)",
    ),
    case(
        "R26 nothing on driving, in Spanish",
        ("aftercare/wording/es/neutral", f"{{clinic}} {{phone}} 911 988 mañana. {STOP}"),
        "step aftercare, wording.es.neutral: does not say: no driving until tomorrow after a full"
        " night's sleep (R26)",
    ),
    case(
        "R27 no clinic",
        ("cancelled/wording/en/neutral", f"Your visit {GAPS} {STOP}"),
        CANCELLED + "does not name the clinic; add {clinic} (R27)",
    ),
    case(
        "R27 no STOP line",
        ("cancelled/wording/en/neutral", f"{{clinic}} {GAPS}."),
        CANCELLED + 'has no STOP line; add "Reply STOP to opt out." (R27)',
    ),
    case(
        "R27 too long",
        (
            "cancelled/wording/en/neutral",
            f"{{clinic}} {GAPS}{' more' * 20} {STOP}",
        ),
        CANCELLED
        + "is 177 characters long with the longest values and takes 2 segments; 1 allowed",
    ),
    case(
        "R27 too long with the instructions that a late booking adds",
        (
            "preparation/brief/en",
            "Before it, and please do take your time with it: " + "no food, " * 14,
        ),
        "step confirmation, wording.en.neutral: is 331 characters long with the longest values and"
        " takes 3 segments; 2 allowed",
    ),
    case(
        "R27 a curly quote",
        ("cancelled/wording/en/neutral", f"{{clinic}}\u2019s {GAPS} {STOP}"),
        CANCELLED + "'\u2019' (U+2019) is outside GSM-7 and makes the whole text cost more; replace"
        " it",
    ),
    case(
        "R27 an emoji",
        (
            "cancelled/wording/en/neutral",
            f"{{clinic}} \U0001f642 {GAPS} {STOP}",
        ),
        CANCELLED + "'\U0001f642' (U+1F642) is outside GSM-7 and makes the whole text cost more;"
        " replace it",
    ),
    case(
        "R28 an address",
        (
            "cancelled/wording/en/neutral",
            f"{{clinic}} {GAPS} https://example.com/x {STOP}",
        ),
        CANCELLED + "has the address 'https://example.com/x'; a link is written {link}, where there"
        " is one (R28)",
    ),
    case(
        "R28 a shortener",
        (
            "cancelled/wording/en/neutral",
            f"{{clinic}} {GAPS} bit.ly/3xYz {STOP}",
        ),
        CANCELLED + "has the address 'bit.ly/3xYz'; a link is written {link}, where there is one"
        " (R28)",
    ),
    case(
        "R72 a ride that nobody knows of",
        (
            "same_day/wording/en/neutral",
            f"{{clinic}} {GAPS} {{arrive_at}} ride home arranged. {STOP}",
        ),
        "step same_day, wording.en.neutral: says 'ride home arranged' as done, which nobody may"
        " know (R72)",
    ),
    case(
        "R72 the same in Spanish",
        (
            "same_day/wording/es/neutral",
            f"{{clinic}} {GAPS} {{arrive_at}} el regreso a casa está organizado. {STOP}",
        ),
        "step same_day, wording.es.neutral: says 'regreso a casa está organizado' as done, which"
        " nobody may know (R72)",
    ),
    case(
        "R72 the same in short instructions",
        ("preparation/brief/en", "No food after {no_food_after}. Your driver is booked."),
        "step preparation, brief.en: says 'Your driver is booked' as done, which nobody may know"
        " (R72)",
    ),
    case(
        "R72 what somebody is said to have wished, in a leaflet",
        ("leaflet/en/before/0", "As you asked, no food after {no_food_after}."),
        "leaflet.en.before[1]: says 'As you asked' as done, which nobody may know (R72)",
    ),
    case(
        "R41 a reply that the provider acts on",
        ("ride/question/en", "Reply YES when someone drives you home."),
        "step ride, wording.en.neutral: asks for the reply 'yes', which the provider acts on itself"
        " (R41)",
    ),
]


@pytest.mark.parametrize(("code", "edits", "fault"), BAD)
def test_a_bad_plan_is_refused_at_its_place(code: str, edits: list[Edit], fault: str) -> None:
    faults = list(all_faults(load_profile(), edited(code, *edits)))
    assert f"careplans/{code}.toml, {fault}" in faults


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([("check_in/offset/at", "22:00"), ("check_in/useful_for", "12h")], id="waits"),
        pytest.param([("aftercare/offset", {"elapsed": "5h"})], id="some leave, some do not"),
    ],
)
def test_a_text_that_some_patients_get_is_not_refused_for_quiet_hours(edits: list[Edit]) -> None:
    """R14."""
    assert not any(
        "quiet" in fault for fault in all_faults(load_profile(), edited("iv_infusion", *edits))
    )


def test_aftercare_that_only_quiet_hours_would_hold_is_no_fault_of_an_evening_clinic() -> None:
    """R14: sessions all end after nine, and their aftercare leaves then."""
    clinic = load_profile()
    late = Opening(opens=time(19, 5), closes=time(22))
    evenings = clinic.model_copy(update={"hours": dict.fromkeys(clinic.hours, late)})
    aftercare_faults = [
        fault for fault in all_faults(evenings, edited("iv_infusion")) if "aftercare" in fault
    ]
    assert aftercare_faults == []
    night = Opening(opens=time(21), closes=time(23, 30))
    nights = clinic.model_copy(update={"hours": dict.fromkeys(clinic.hours, night)})
    faults = list(all_faults(nights, edited("iv_infusion")))
    assert f"careplans/iv_infusion.toml, step aftercare, {ALWAYS_HELD}" in faults


def test_a_plan_that_exceeds_the_caps_is_refused() -> None:
    """R19."""
    plan = edited(
        "iv_infusion",
        ("ride/offset", {"days": 0, "at": "08:00"}),
        ("reminder/offset", {"days": 0, "at": "09:00"}),
    )
    assert list(all_faults(load_profile(), plan))[-1] == (
        "careplans/iv_infusion.toml: a visit booked ten days ahead makes 4 texts in a day and 5 in"
        " seven days; allowed are 3 and 10 (R19)"
    )


def test_no_route_is_named_as_a_condition_is() -> None:
    clinic = load_profile()
    routes = {**clinic.routes, "single": clinic.routes["iv"]}
    assert list(profile_faults(clinic.model_copy(update={"routes": routes}))) == [
        "clinic.toml, routes.single: is the name of a condition of steps; choose another"
    ]


def test_a_plan_that_was_edited_after_its_approval_is_refused() -> None:
    """R21."""
    plan = edited("iv_infusion", ("approval", APPROVED))
    assert list(all_faults(load_profile(), plan)) == [
        "careplans/iv_infusion.toml, approval.sha256: the plan was edited after its approval; have"
        f" it approved again and set it to {plan.content_sha256} (R21)"
    ]
    assert (
        list(
            all_faults(
                load_profile(),
                edited("iv_infusion", ("approval", APPROVED | {"sha256": plan.content_sha256})),
            )
        )
        == []
    )


def test_shipped_plans_have_no_fault() -> None:
    clinic = load_profile()
    assert list(profile_faults(clinic)) == []
    for visit_type in clinic.visit_types:
        assert list(all_faults(clinic, edited(visit_type.code))) == []


NO_PLAN: list[tuple[list[Edit], str]] = [
    ([("ride/offset", {"days": -1})], r"steps\[5\] \(id ride\)\.offset: write \{ days"),
    ([("ride/priority", 4)], r"steps\[5\] \(id ride\)\.priority"),
    ([("ride/useful_for", "0m")], r"useful_for must be longer than nothing"),
    ([("ride/useful_for", "soon")], r'write a length of time such as "90m"'),
    ([("ride/anchor", "discharge")], r"aftercare and check_in hang on end or discharge"),
    ([("aftercare/anchor", "start")], r"aftercare and check_in hang on end or discharge"),
    ([("ride/id", "reminder")], r"two steps have the same id"),
    ([("ride/id", "preparation-mail")], r"steps\[5\] \(id preparation-mail\)\.id"),
    ([("ride/wording", {"es": {"neutral": "x"}})], r"add wording\.en\.neutral"),
    ([("ride/segments", 3)], r"steps\[5\] \(id ride\)\.segments"),
    ([("ride/when", ["sunny"])], r"steps\[5\] \(id ride\)\.when"),
    ([("ride/wordin", {})], r"wordin: is not a known key; correct its spelling"),
    ([("is_sedating", False)], r"is_sedating: is no key here; remove it"),
    ([("approval/sample", False)], r"set sample = true with status"),
    ([("leaflet/en", GONE)], r"the English leaflet is missing; add leaflet\.en"),
]


@pytest.mark.parametrize(("edits", "message"), NO_PLAN, ids=[edits[0][0] for edits, _ in NO_PLAN])
def test_a_plan_that_makes_no_sense_cannot_be_read(edits: list[Edit], message: str) -> None:
    with pytest.raises(TomlFileError, match=message):
        edited("iv_infusion", *edits)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            {"en": "Cottonwood Clinic STOP HELP"},
            "clinic.toml, consents.appointment.text.es: is missing; everybody agrees in words that"
            " they can read (R2)",
            id="a language without the consent",
        ),
        pytest.param(
            {"en": "Cottonwood Clinic HELP", "es": "Cottonwood Clinic STOP HELP"},
            "clinic.toml, consents.appointment.text.en: does not say STOP (R1)",
            id="no STOP",
        ),
        pytest.param(
            {"en": "We STOP HELP", "es": "Cottonwood Clinic STOP HELP"},
            "clinic.toml, consents.appointment.text.en: does not say Cottonwood Clinic (R1)",
            id="no brand",
        ),
    ],
)
def test_a_bad_consent_is_refused(text: dict[str, str], fault: str) -> None:
    clinic = load_profile()
    consent = ConsentTexts(version="1", text=text)
    consents = clinic.consents.model_copy(update={"appointment": consent})
    assert list(profile_faults(clinic.model_copy(update={"consents": consents}))) == [fault]
