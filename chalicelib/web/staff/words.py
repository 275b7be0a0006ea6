"""The words of staff pages for stored statuses and reasons."""

from collections.abc import Mapping

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
