"""The words of a timeline for what is stored: kinds, statuses, events, means. Data."""

from collections.abc import Mapping

from chalicelib.domain.messaging.message import Channel, MessageStatus
from chalicelib.domain.people.patient import TextConsent

# The words for a message's status, and whether it is good, open or bad news.
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
    "choice_gone": "Answer: that time is taken",
    "choices_gone": "Answer: those times are taken",
    "answer_delayed": "Answer: it takes longer",
    "help": "Answer: who we are",
    "automatic_answer": "Automatic answer",
    "urgent_answer": "Answer to an urgent text",
    "opt_out_done": "Answer: no more texts",
    "texts_paused": "Answer: texts are paused",
    "ask_which": "Question: which visit",
    "confirmed_thanks": "Answer: thank you",
    "reschedule_received": "Answer: somebody will call",
    "driver_noted": "Answer: ride home noted",
    "driver_missing": "Answer: no ride home",
    "start_again": "Answer: texts go again",
    "urgent_alarm": "Alarm to staff",
    "new_request": "Notice to staff",
    "request_waiting": "Reminder to staff",
    "request_overdue": "Reminder to the manager",
}
# The words for what staff decide are with each decision: `web/staff/decisions/`.
EVENT_WORDS: Mapping[str, str] = {
    "confirmed": "Will come",
    "move_asked": "Asked for another time",
    "own_messages_ended": "Wants no more mails, and no texts about themselves",
    "erased": "Erased at the patient's wish",
}
# How an inbound text was understood.
MEANING_WORDS: Mapping[str, str] = {
    "stop": "wants no more texts",
    "doubtful_stop": "may want no more texts",
    "start": "wants texts again",
    "help": "asks who we are",
    "confirm": "will come",
    "reschedule": "wants another time",
    "driver_yes": "has a ride home",
    "driver_no": "has no ride home",
    "choice": "chose from what we offered",
    "urgent": "urgent",
    "thanks": "thanks",
    "echo": "our own words, sent back",
    "other": "for a person to read",
}
MEANS_WORDS: Mapping[str, str] = {
    "form": "on the website",
    "json": "through a program",
    "page": "on their page",
    "mailed_link": "by a link that was mailed",
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
