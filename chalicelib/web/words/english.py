"""The form and its thanks in English. Every other language has the same keys."""

from collections.abc import Mapping
from typing import Any

FORM: Mapping[str, Any] = {
    "language": {"code": "en", "own_name": "English"},
    "page": {
        "skip": "Skip to the content",
        "phone": "Phone",
        "emergency": "In an emergency call 911. In a crisis call or text 988, day or night.",
        "optional": "optional",
        "please_choose": "Please choose",
    },
    "request": {
        "heading": "Request an appointment",
        "lead": "Tell us how to reach you. A person reads every request and answers within"
        " {hours} opening hours.",
        "answer_by": "If you send this now, you hear from us by {day}, {clock}.",
        "not_watched": "This form is not watched around the clock.",
        "name": "Your name",
        "phone": "Your phone number",
        "phone_hint": "A US number, for example 316-555-0142.",
        "email": "Your e-mail address",
        "email_hint": "If you give it, we also write to you there.",
        "time_zone": "Your time zone",
        "time_zone_hint": "We send no text late in your evening or at night.",
        "same_zone": "The same as at the clinic",
        "reason": "What brings you to us?",
        "reason_hint": "Only our team sees this.",
        "preferred": "When could you come?",
        "preferred_hint": "Tick all that suit you. We will find a time among them.",
        "note": "Anything we should know?",
        "note_hint": "Please leave out medical details that you would rather tell us in person."
        " At most 1,000 characters.",
        "texts": "Text messages",
        "texts_hint": "You can ask for an appointment without these. Leave them empty and we call"
        " you instead.",
        "discreet": "Please be discreet: no message may show what kind of visit it is about.",
        "privacy_policy": "Privacy policy",
        "text_terms": "Text message terms",
        "privacy_notice": "By sending this you ask us to contact you about an appointment. How we"
        " treat what you tell us is written in our",
        "privacy_named": "privacy policy",
        "send": "Send the request",
        "leave_empty": "Leave this empty",
        "look_again": "Please look at this again",
        "sent_before": "This form was sent before with other answers. If you want to make this"
        " request too, please send it once more.",
        "too_many": "Too many requests came at once. Please try again later, or call us at"
        " {phone}.",
    },
    "next": {
        "heading": "What happens next",
        "steps": (
            "A person reads your request. Nothing is booked by a machine.",
            "We offer you a time, or call you if something is unclear.",
            "Once a visit is booked, we tell you how to prepare, and afterwards how to look after"
            " yourself.",
        ),
    },
    "thanks": {
        "heading": "Thank you. We have your request.",
        "short": "Thank you",
        "reference": "Your reference is",
        "answer_by": "Someone from our team will answer by",
        "changes": "If anything changes, call us at {phone} and name your reference.",
    },
    "days": {
        "mon": "Monday",
        "tue": "Tuesday",
        "wed": "Wednesday",
        "thu": "Thursday",
        "fri": "Friday",
        "sat": "Saturday",
        "sun": "Sunday",
    },
    "parts": {"morning": "Morning", "afternoon": "Afternoon", "evening": "Evening"},
    "reasons": {
        "depression": "Depression",
        "anxiety": "Anxiety",
        "ptsd": "Post-traumatic stress (PTSD)",
        "bipolar": "Bipolar disorder",
        "chronic_pain": "Chronic pain",
        "fibromyalgia": "Fibromyalgia",
        "other": "Something else",
        "undisclosed": "I would rather not say",
    },
    "zones": {
        "America/New_York": "Eastern",
        "America/Chicago": "Central",
        "America/Denver": "Mountain",
        "America/Phoenix": "Arizona",
        "America/Los_Angeles": "Pacific",
        "America/Anchorage": "Alaska",
        "Pacific/Honolulu": "Hawaii",
    },
    "errors": {
        "name": "Please give your name, in at most 100 characters.",
        "phone": "Please give a US phone number that can receive calls, such as 316-555-0142.",
        "email": "Please check the e-mail address, or leave it empty.",
        "reason": "Please choose one of the reasons, or “I would rather not say”.",
        "preferred": "Please choose days and times of day from the list.",
        "note": "Please keep the note to 1,000 characters.",
        "language": "Please choose English or Spanish.",
        "sms_consent": "Please tick the box or leave it empty.",
        "detailed_consent": "Please tick the box or leave it empty.",
        "discreet": "Please tick the box or leave it empty.",
        "time_zone": "This time zone is not known. Please use a name such as America/Chicago.",
        "other": "Please look at this again.",
    },
    "script": {
        "title": "Request an appointment",
        "own_page": "Open the form on its own page",
    },
}
