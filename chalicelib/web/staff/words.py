"""How staff pages name what is stored: statuses, decisions, reasons."""

from collections.abc import Mapping

# What was decided before, for whoever comes second (R50).
DECIDED_WORDS: Mapping[str, str] = {
    "booked": "A visit was booked",
    "proposed": "Times were offered",
    "declined": "The request was declined",
    "closed": "The request was closed",
    "arrived": "The arrival was recorded",
    "fulfilled": "The discharge was recorded",
    "noshow": "It was recorded that the patient did not come",
    "cancelled": "The visit was cancelled",
    "moved": "The visit was moved",
    "at that time": "The visit was put at this time",
    "done": "The task was closed",
    "erased": "The patient was erased, at their wish,",
}
# Why a request is folded together with others (R68).
SUSPICIOUS_WORDS: Mapping[str, str] = {
    "number": "more than usual with this phone number within an hour",
    "address": "more than usual from one network address within an hour",
}
STATUS_WORDS: Mapping[str, str] = {
    "received": "Waiting for an answer",
    "proposed": "Times are offered; the patient has not chosen yet",
    "declined": "Declined",
    "closed": "Closed",
    "booked": "Booked",
    "arrived": "Here",
    "fulfilled": "Done",
    "noshow": "Did not come",
    "cancelled": "Cancelled",
}
REASON_WORDS: Mapping[str, str] = {
    "depression": "Depression",
    "anxiety": "Anxiety",
    "ptsd": "Post-traumatic stress",
    "bipolar": "Bipolar disorder",
    "chronic_pain": "Chronic pain",
    "fibromyalgia": "Fibromyalgia",
    "other": "Something else",
    "undisclosed": "Would rather not say",
}
