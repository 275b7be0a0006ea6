"""How a timeline names what is stored: kinds of messages, their statuses, events, means. Data."""

from collections.abc import Mapping

from chalicelib.domain.message import Channel, MessageStatus
from chalicelib.domain.people import TextConsent

# How a message's status reads, and whether it is good, open or bad news.
STATUS_WORDS: Mapping[MessageStatus, tuple[str, str]] = {
    MessageStatus.PENDING: ("waits", "open"),
    MessageStatus.SENDING: ("is being sent", "open"),
    MessageStatus.SENT: ("sent, not confirmed", "open"),
    MessageStatus.DELIVERED: ("delivered", "good"),
    MessageStatus.UNDELIVERED: ("not delivered", "bad"),
    MessageStatus.FAILED: ("failed", "bad"),
    MessageStatus.WITHDRAWN: ("withdrawn", "off"),
    MessageStatus.SUPPRESSED: ("not sent", "off"),
    MessageStatus.EXPIRED: ("not sent, too late", "off"),
}
SENT_WORDS: Mapping[Channel, tuple[str, str]] = {
    Channel.EMAIL: ("sent", "good"),  # a mail has no receipt to wait for
    Channel.TASK: ("task opened", "good"),
}
KIND_WORDS: Mapping[str, str] = {
    "welcome": "First text to this number",
    "confirmation": "Confirmation",
    "moved": "New time",
    "cancelled": "Cancellation",
    "reminder": "Reminder",
    "ride": "Ride home",
    "preparation": "Preparation",
    "aftercare": "Aftercare",
    "check_in": "Check-in",
    "proposed": "Times offered",
    "declined": "Answer",
    "course_overview": "Course overview",
    "new_request": "Notice to staff",
    "request_waiting": "Reminder to staff",
    "request_overdue": "Reminder to the manager",
}
EVENT_WORDS: Mapping[str, str] = {
    "request_received": "Request received",
    "booked": "Booked",
    "course_booked": "Course booked",
    "proposed": "Times offered",
    "declined": "Declined",
    "moved": "Moved",
    "cancelled": "Cancelled",
    "arrived": "Arrived",
    "discharged": "Discharged",
    "no_show": "Did not come",
    "undone": "Last entry taken back",
    "driver": "Ride home noted",
    "move_asked": "Asked for another time",
    "contact_changed": "Contact details changed",
    "opted_out": "Opted out of texts",
    "texts_resumed": "Texts go again",
}
MEANS_WORDS: Mapping[str, str] = {
    "form": "on the website",
    "json": "through a program",
    "page": "on their page",
    "phone": "on the phone",
    "e-mail": "by e-mail",
    "in_person": "in person",
    "text": "by text",
    "doubtful text": "for now, after a text that may have meant it",
}
CONSENT_WORDS: Mapping[TextConsent, str] = {
    TextConsent.NEUTRAL: "Agreed to appointment texts",
    TextConsent.DETAILED: "Agreed to preparation and aftercare texts",
    TextConsent.NONE: "Agreed to no texts",
}
