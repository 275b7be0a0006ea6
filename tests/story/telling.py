"""The story: one fortnight of requests, visits and texts, in the order that it is told."""

from typing import NamedTuple

from tests.story.strangers import strangers
from tests.story.visitor import Answer, Visitor

BEGIN = "2027-11-01T15:00:00+00:00"  # a Monday, 10:00 at the clinic; it lies ahead of any clock
STAFF = ("nurse@example.com", "scheduler@example.com", "manager@example.com")
SURE = {"sure": "yes"}
PATIENTS = {
    "ana": ("Ana Example", "+13165550110", "en"),
    "beto": ("Beto Ejemplo", "+13165550111", "es"),
    "carla": ("Carla Sample", "+13165550112", "en"),
    "dan": ("Dan Sample", "+13165550113", "en"),
    "eve": ("Eve Example", "+13165550114", "en"),
    "finn": ("Finn Sample", "+13165550115", "en"),
    "gus": ("Gus Example", "+13165550116", "es"),
}


class Person(NamedTuple):
    """A patient of the story."""

    name: str  #: that of their pages
    number: str
    page: str  #: the path of the staff's page about their request


def tell(visitor: Visitor) -> None:
    """All of it; each page, mail and text is written once, in the folder of the visitor."""
    visitor.until(BEGIN)
    strangers(visitor)
    people = _requests(visitor)
    _received(visitor, people["ana"])
    _booked(visitor, people["ana"])
    _proposed(visitor, people["beto"])
    _declined(visitor, people["carla"])
    _course(visitor, people["dan"])
    _without_consent(visitor, people["eve"])
    _taken(visitor, people["finn"])
    _day_sheet(visitor, "first")
    _caller(visitor)
    _texts(visitor, people)
    _visits(visitor, people)
    _late(visitor, people["ana"])


def _fields(who: str) -> dict[str, str | list[str]]:
    """What this person types into the form."""
    name, number, language = PATIENTS[who]
    typed: dict[str, str | list[str]] = {
        "name": name,
        "phone": number,
        "reason": "depression",
        "language": language,
        "preferred": ["mon:morning", "thu:evening"],
        "note": f"A note of {name}.",
    }
    if who not in ("ana", "beto", "dan", "eve"):
        typed["sms_consent"] = "yes"
    if who in ("ana", "beto", "dan"):
        typed |= {"detailed_consent": "yes", "email": f"{who}@example.org"}
    if who == "finn":
        typed["discreet"] = "yes"
    return typed


def _requests(visitor: Visitor) -> dict[str, Person]:
    """Everybody but Gus fills in the form; the staff's mails lead to their pages."""
    forms = {}
    for who in ("ana", "beto", "carla", "dan", "eve", "finn"):
        path = f"/request?lang={PATIENTS[who][2]}" + ("&embed=1" if who == "finn" else "")
        forms[who] = visitor.get(f"{who}-form", path)
    visitor.wait()
    people = {}
    for who, form in forms.items():
        thanks = visitor.send(f"{who}-asks", form.form(""), _fields(who))
        visitor.send(f"{who}-asks-again", form.form(""), _fields(who))
        reference = _reference(thanks)
        visitor.wait()
        people[who] = Person(who, PATIENTS[who][1], visitor.link(STAFF[0], reference))
        if who == "ana":
            for staff in STAFF:
                visitor.get(f"ana-received-{staff}", visitor.link(staff, reference))
    return people


def _reference(answer: Answer) -> str:
    at = answer.text.index("REQ-")
    return answer.text[at : at + len("REQ-0123456789")]


def _own(visitor: Visitor, person: Person) -> str:
    """The path of the patient's own page: a local run has no domain, so only mails hold it."""
    return visitor.link(f"{person.name}@example.org", "", "v")


def _received(visitor: Visitor, ana: Person) -> None:
    """What a page that is new offers, and what it makes of wrong fields."""
    page = visitor.page("ana-received", ana.page)
    visitor.as_it_stands("ana-received", page)
    visitor.post("ana-no-such-decision", f"{ana.page}/nothing", b"sure=yes")
    for name, typed in {
        "past": {"starts_at": "2027-10-01T09:00"},
        "no-time": {"starts_at": "soon"},
        "skipped-hour": {"starts_at": "2028-03-12T02:30"},
        "elsewhere": {"starts_at": "2027-11-09T09:00", "resource": "line-1"},
    }.items():
        booking = {"visit_type": "iv_infusion", "resource": "room-1", **typed}
        visitor.decide(f"ana-confirm-{name}", page, "confirm", **booking)
    visitor.wait()


def _booked(visitor: Visitor, ana: Person) -> None:
    before = visitor.page("ana-before", ana.page)
    booking = {"starts_at": "2027-11-09T09:00", "visit_type": "iv_infusion", "resource": "room-1"}
    page = visitor.decide("ana-booked", before, "confirm", **booking)
    visitor.decide("ana-booked-twice", before, "confirm", **booking)
    visitor.wait()
    visitor.as_it_stands("ana-visit", visitor.page("ana-visit", ana.page))
    visitor.decide("ana-driver", page, "driver", has="yes")
    visitor.decide(
        "ana-another",
        page,
        "confirm",
        starts_at="2027-11-14T07:00",  # a Sunday
        visit_type="follow_up",
        resource="room-1",
    )
    wrong = {"name": "", "phone": "1", "email": "x", "language": "xx"}
    visitor.decide("ana-contact-wrong", page, "contact", **wrong)
    visitor.wait()
    own = visitor.get("ana-own", _own(visitor, ana))
    visitor.as_it_stands("ana-own", own)
    path = _own(visitor, ana)
    visitor.get("ana-own-calendar", f"{path}/visit.ics")
    visitor.post("ana-own-no-such-answer", f"{path}/nothing", b"sure=yes")
    visitor.decide("ana-own-confirms", own, "confirm")
    visitor.wait()
    visitor.page("ana-visit-confirmed", ana.page)


def _proposed(visitor: Visitor, beto: Person) -> None:
    page = visitor.page("beto-received", beto.page)
    times = ["2027-11-10T09:00", "2027-11-10T13:00", "2027-11-11T09:00"]
    offer = {"visit_type": "intranasal", "resource": "chair-1"}
    visitor.send("beto-proposed", page.form("propose"), {**offer, **SURE, "starts_at": times})
    visitor.wait()
    visitor.as_it_stands("beto-proposed", visitor.page("beto-offered", beto.page))
    own = visitor.get("beto-own", _own(visitor, beto))
    visitor.as_it_stands("beto-own", own)
    visitor.send("beto-own-unsure", own.form("choose"), {"starts_at": times[1]})
    visitor.send("beto-own-unoffered", own.form("choose"), {"starts_at": "2027-11-12T09:00"} | SURE)
    visitor.send("beto-own-chooses", own.form("choose"), {"starts_at": times[1], **SURE})
    visitor.send("beto-own-chooses-again", own.form("choose"), {"starts_at": times[0], **SURE})
    visitor.wait()
    own = visitor.get("beto-own-visit", _own(visitor, beto))
    visitor.as_it_stands("beto-own-visit", own)
    visitor.get("beto-own-calendar", f"{_own(visitor, beto)}/visit.ics")
    visitor.page("beto-visit", beto.page)
    visitor.decide("beto-proposed-late", page, "decline", reason_code="other")


def _declined(visitor: Visitor, carla: Person) -> None:
    page = visitor.page("carla-received", carla.page)
    reason = page.form("decline").options["reason_code"][1]
    visitor.decide("carla-declined-oddly", page, "decline", reason_code="nothing")
    visitor.decide("carla-declined", page, "decline", reason_code=reason, note="Our own note.")
    visitor.decide("carla-declined-twice", page, "decline", reason_code=reason)
    visitor.wait()
    visitor.as_it_stands("carla-after", visitor.page("carla-after", carla.page))


def _course(visitor: Visitor, dan: Person) -> None:
    page = visitor.page("dan-received", dan.page)
    course = {"visit_type": "iv_infusion", "resource": "room-2", "sessions": "4"}
    wrong = {"first_starts_at": "2027-11-04T13:00", "sessions": "40", "spacing_days": "0"}
    visitor.decide("dan-course-wrong", page, "course", **{**course, **wrong})
    dense = {"first_starts_at": "2027-11-04T13:00", "spacing_days": "1"}
    visitor.decide("dan-course-dense", page, "course", **course, **dense)
    offer = {"starts_at": "2027-11-04T13:00", "visit_type": "iv_infusion", "resource": "room-2"}
    visitor.decide("dan-offered", page, "propose", **offer)
    visitor.wait()
    visitor.get("dan-own-offered", _own(visitor, dan))
    page = visitor.page("dan-offered-one", dan.page)
    holiday = {"first_starts_at": "2027-11-04T13:00", "spacing_days": "7"}
    visitor.decide("dan-course", page, "course", **course, **holiday)
    visitor.wait()
    page = visitor.page("dan-visit", dan.page)
    own = visitor.get("dan-own", _own(visitor, dan))
    visitor.decide("dan-own-moves", own, "reschedule")
    visitor.wait()
    page = visitor.page("dan-visit-asked", dan.page)
    visitor.decide("dan-moved-past", page, "reschedule", starts_at="2027-10-04T13:00")
    visitor.decide(
        "dan-moved-on", page, "reschedule", starts_at="2027-11-09T09:00", resource="room-1"
    )
    moved = {"starts_at": "2027-11-08T13:00", "resource": "room-1"}
    visitor.decide("dan-moved", page, "reschedule", **moved)
    visitor.decide("dan-moved-twice", page, "reschedule", **moved)
    visitor.wait()
    page = visitor.page("dan-visit-moved", dan.page)
    reason = page.form("cancel").options["reason_code"][1]
    visitor.decide("dan-cancelled", page, "cancel", reason_code=reason, tell_patient="yes")
    visitor.decide("dan-cancelled-twice", page, "cancel", reason_code=reason)
    visitor.wait()
    visitor.as_it_stands("dan-visit-cancelled", visitor.page("dan-visit-cancelled", dan.page))
    visitor.get("dan-own-cancelled", _own(visitor, dan))


def _without_consent(visitor: Visitor, eve: Person) -> None:
    page = visitor.page("eve-received", eve.page)
    booking = {"starts_at": "2027-11-02T08:30", "visit_type": "consultation", "resource": "room-2"}
    page = visitor.decide("eve-booked", page, "confirm", **booking)
    details = {"name": "Eve New", "phone": "316 555 0117", "email": "eve@example.org"}
    visitor.decide("eve-contact", page, "contact", **details, language="es")
    visitor.wait()
    visitor.page("eve-visit", eve.page)


def _taken(visitor: Visitor, finn: Person) -> None:
    page = visitor.page("finn-received", finn.page)
    taken = {"starts_at": "2027-11-09T09:30", "visit_type": "consultation", "resource": "room-1"}
    visitor.decide("finn-taken", page, "confirm", **taken)
    offered = {"visit_type": "consultation", "resource": "room-1", "starts_at": "2027-11-09T09:30"}
    visitor.decide("finn-offered-taken", page, "propose", **offered)
    visitor.decide("finn-offered", page, "propose", **offered | {"resource": "room-2"})
    visitor.wait()
    page = visitor.page("finn-offered-one", finn.page)
    soon = {"starts_at": "2027-11-02T09:30", "visit_type": "pain_infusion", "resource": "chair-1"}
    visitor.decide("finn-booked", page, "confirm", **soon)
    visitor.wait()
    visitor.page("finn-visit", finn.page)


def _day_sheet(visitor: Visitor, when: str) -> None:
    path = visitor.link(STAFF[0], "", "d")
    page = visitor.get(f"day-{when}", path)
    visitor.as_it_stands(f"day-{when}", page)
    for on in ("2027-11-04", "2027-11-09", "2027-11-25", "nonsense"):
        visitor.get(f"day-{when}-{on}", f"{path}?date={on}&tasks=2")
    visitor.post(f"day-{when}-no-such-decision", f"{path}/nothing", b"sure=yes")


def _close_tasks(visitor: Visitor, when: str) -> None:
    """All of them: an alarm that nobody takes is told again for ever."""
    path = visitor.link(STAFF[0], "", "d")
    for number in range(1, 50):
        page = visitor.get(f"tasks-{when}-{number}", path)
        if "done" not in page.decisions:
            return
        done = page.form("done")
        visitor.send(f"tasks-{when}-{number}-done", done, SURE | {"note": "Done."})


def _caller(visitor: Visitor) -> None:
    path = visitor.link(STAFF[0], "", "d")
    page = visitor.get("gus-sheet", path)
    form = page.form("new")
    visitor.send("gus-wrong", form, {"name": "", "phone": "1", "sms_consent": "yes"})
    visitor.send("gus-calls", form, _fields("gus") | {"consent_means": "phone"} | SURE)
    visitor.wait()
    task = visitor.get("tasks", path)
    if "done" in task.decisions:
        visitor.decide("task-done", task, "done", note="Called.")
        visitor.decide("task-done-twice", task, "done", note="Called.")
        done = task.form("done")
        visitor.send("task-unknown", done, {"task": "TSK-0000000000", **SURE})


def _texts(visitor: Visitor, people: dict[str, Person]) -> None:
    """What patients and strangers text, and what the staff then see."""
    ana, beto, carla, dan = (people[who].number for who in ("ana", "beto", "carla", "dan"))
    for number, body in (
        (ana, "HELP"),
        (ana, "C"),
        (ana, "Thank you!"),
        (ana, "What shall I bring?"),
        (ana, "N"),
        (beto, "Sí"),
        (beto, "tengo quien me lleve"),
        (beto, "no puedo ir"),
        (beto, "dejenme en paz"),
        (dan, "I can't breathe"),
        (dan, "2"),
        (carla, "STOP"),
        (carla, "Are you there?"),
        # What one text causes has one instant, and is listed in any order: of her no page is read.
        (carla, "START"),
        (people["finn"].number, "I am in the waiting room"),
        ("+13165550190", "Who is this?"),
        ("+13165550190", "STOP"),
        ("+13165550191", "I want to die"),
    ):
        visitor.text(number, body)
    for who in ("ana", "beto", "dan", "finn"):
        visitor.page(f"{who}-after-texts", people[who].page)
    _day_sheet(visitor, "alarm")
    page = visitor.page("beto-paused", people["beto"].page)
    visitor.decide("beto-resumed", page, "resume")
    page = visitor.page("dan-again", people["dan"].page)
    visitor.decide("dan-opted-out", page, "opt_out", means="phone")
    _close_tasks(visitor, "first")
    visitor.wait()
    visitor.get("dan-own-opted-out", _own(visitor, people["dan"]))


def _visits(visitor: Visitor, people: dict[str, Person]) -> None:
    """The days of the visits: who comes, who does not, and what providers get wrong."""
    ana, beto, eve, finn = (people[who] for who in ("ana", "beto", "eve", "finn"))
    visitor.until("2027-11-02T16:00:00+00:00")
    page = visitor.page("eve-on-the-day", eve.page)
    visitor.decide("eve-no-show", page, "no_show")
    page = visitor.page("eve-missed", eve.page)
    visitor.decide("eve-undone", page, "undo")
    page = visitor.page("finn-on-the-day", finn.page)
    visitor.as_it_stands("finn-on-the-day", page)
    visitor.decide("finn-arrived-early", page, "arrived", at="2027-11-05T09:00")
    page = visitor.decide("finn-arrived", page, "arrived", at="2027-11-02T09:25")
    visitor.wait()
    visitor.decide("finn-discharged", page, "discharged")
    visitor.wait()
    visitor.page("finn-gone", finn.page)
    visitor.fault(
        twilio=[{"status": "undelivered", "error": 30003}, {"error": 21610}, {"http": 500}],
        ses=[{"bounce": "permanent"}],
    )
    visitor.until("2027-11-09T15:00:00+00:00")  # 9:00, and the clocks went back between
    _day_sheet(visitor, "second")
    page = visitor.page("ana-on-the-day", ana.page)
    visitor.decide("ana-arrived", page, "arrived")
    visitor.until("2027-11-10T03:10:00+00:00")
    page = visitor.page("ana-in-the-evening", ana.page)
    visitor.as_it_stands("ana-in-the-evening", page)
    visitor.decide("ana-discharged", page, "discharged")
    visitor.until("2027-11-11T20:00:00+00:00")
    page = visitor.page("beto-after", beto.page)
    own = visitor.get("beto-own-after", _own(visitor, beto))
    visitor.as_it_stands("beto-own-after", own)
    visitor.text(ana.number, "3")
    visitor.text(ana.number, "I feel worse and bleed a lot")
    own = visitor.get("ana-own-after", _own(visitor, ana))
    if "opt_out" in own.decisions:
        visitor.decide("ana-own-ends", own, "opt_out")
    visitor.wait()
    visitor.page("ana-after", ana.page)
    _day_sheet(visitor, "third")
    _close_tasks(visitor, "last")


def _late(visitor: Visitor, ana: Person) -> None:
    """Links that are too old, and what a person without one can do."""
    day = visitor.link(STAFF[0], "", "d")
    own = _own(visitor, ana)
    visitor.until("2028-03-01T16:00:00+00:00")
    page = visitor.get("ana-old-link", ana.page)
    visitor.as_it_stands("ana-old-link", page)
    visitor.post("ana-old-link-decides", f"{ana.page}/confirm", b"sure=yes")
    visitor.send("ana-renewed", page.form(""), SURE)
    visitor.get("day-old-link", day)
    visitor.get("ana-own-old-link", own)
    visitor.get("ana-own-old-calendar", f"{own}/visit.ics")
    visitor.wait()
    fresh = visitor.link(STAFF[0], "", "s")
    visitor.page("ana-fresh-link", fresh)
    visitor.until("2029-01-10T16:00:00+00:00")  # notes are a year old, and erased
    visitor.post("ana-renewed-again", f"{ana.page}/renew", b"")
    visitor.wait()
    visitor.page("ana-erased", visitor.link(STAFF[0], "", "s"))
    visitor.get("day-last", visitor.link(STAFF[0], "", "d"))
