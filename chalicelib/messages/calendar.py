"""A visit as a calendar file (RFC 5545), with words that tell other people nothing (R25)."""

from datetime import datetime

from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus

PRODUCT = "-//Bookend//Visits//EN"


def visit_ics(appointment: Appointment, *, title: str, where: str, now: datetime) -> str:
    """The visit; a calendar that already contains it applies the newer SEQUENCE and moves it."""
    from icalendar import Calendar, Event

    gone = appointment.status is AppointmentStatus.CANCELLED
    event = Event()
    event.add("uid", f"{appointment.id}@bookend")
    event.add("sequence", appointment.version * 2 + (1 if gone else 0))
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", appointment.start_at)
    event.add("dtend", appointment.end_at)
    event.add("summary", title)
    event.add("location", where)
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if gone else "PUBLISH")
    calendar.add_component(event)
    return str(calendar.to_ical().decode())
