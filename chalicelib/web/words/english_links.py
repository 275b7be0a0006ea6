"""What stands behind a patient's own link, and what refusals say: English."""

from collections.abc import Mapping
from typing import Any

LINKS: Mapping[str, Any] = {
    "visit": {
        "heading": "Your visit",
        "confirm": "Thank you. We look forward to seeing you.",
        "reschedule": "Thank you. We will call you about another time. Until then your visit"
        " stands as it is.",
        "opt_out": "We will not text you any more. What matters for your visit reaches you by"
        " e-mail or a call.",
        "choose": "Thank you. Your visit is booked.",
        "cancelled": "This visit is cancelled. To find another time, please call us at {phone}.",
        "noshow": "We missed you. To find another time, please call us at {phone}.",
        "when_and_where": "When and where",
        "when": "When",
        "what": "What",
        "where": "Where",
        "until": "until about {clock}",
        "you_said": "You said",
        "will_come": "that you will come",
        "calendar": "Add it to your calendar",
        "coming": "Will you come?",
        "coming_tick": "Yes, I will come at this time",
        "coming_send": "Confirm",
        "before": "Before your visit",
        "after": "Afterwards",
        "changes": "If something changes",
        "move": "I need another time",
        "move_tick": "Please call me about another time",
        "move_send": "Ask for a call",
    },
    "wish": {
        "heading": "Your request",
        "opt_out": "We will not text you any more. We will call you instead.",
        "choices": "We can offer you these times. Please choose one. It is yours as soon as you"
        " send it.",
        "which": "Which time suits you?",
        "choose": "Take this time",
        "none_suits": "None of them suits you? Please call us at {phone}.",
        "all_taken": "The times that we offered are taken by now. We will be in touch, or you can"
        " call us at {phone}.",
        "received": "We have your request and will answer by {day}, {clock}.",
        "talk": "Please call us at {phone} to talk it over.",
    },
    "texts": {
        "heading": "No more texts",
        "tick": "Please do not text me any more",
        "send": "Stop all texts",
    },
    "answers": {
        "sure": "Please tick the box to say that you mean it.",
        "starts_at": "Please choose one of the times.",
        "taken": "That time has just been taken. Please choose another.",
        "other": "Please look at this again.",
    },
    "settled": {
        "booked": "This visit was booked on {at}.",
        "declined": "This request was answered on {at}.",
        "closed": "This request was closed on {at}.",
        "cancelled": "This visit was cancelled on {at}.",
        "else": "This visit has begun or is over.",
    },
    "problem": {
        "call": "If you need us, please call {phone}.",
        "bare": "If it is urgent, please call the clinic.",
        "still_free": "Still free:",
    },
    "problems": {
        "not_found": {
            "title": "Not found",
            "text": "This page does not exist, or the link is not complete. Please open it from the"
            " message again.",
        },
        "expired": {
            "title": "This link is too old",
            "text": "For safety, links end after a while.",
        },
        "decided": {"title": "Already decided", "text": ""},
        "taken": {"title": "That time is taken", "text": "Something else is booked then."},
        "invalid": {
            "title": "Please look at this again",
            "text": "Some fields need another look.",
        },
        "too_many": {
            "title": "Too many requests",
            "text": "Too many requests came at once. Please try again later, or call us.",
        },
        "too_much": {
            "title": "This is too much at once",
            "text": "Please do it in two steps. Nothing was changed.",
        },
        "unavailable": {
            "title": "Please try again in a moment",
            "text": "Something did not answer. Nothing was changed.",
        },
        "stale": {"title": "Please try again in a moment", "text": "Nothing was changed."},
        "unreadable": {"title": "Please call us", "text": "This cannot be shown just now."},
        "bad_body": {
            "title": "This could not be read",
            "text": "Please go back and try again.",
        },
        "too_long": {
            "title": "This is too long",
            "text": "Please go back and say it in fewer words, or call us.",
        },
        "wrong_method": {
            "title": "This cannot be done here",
            "text": "Please go back and try again.",
        },
        "failed": {
            "title": "Something went wrong on our side",
            "text": "Please try again in a few minutes. Nothing happens twice if you send it"
            " again.",
        },
        "refused": {
            "title": "This could not be done",
            "text": "Please go back and try again.",
        },
    },
}
