"""What the mails to patients say around the clinic's own wordings: one table a language.

The templates are in emails/; none of them has a word of its own.
"""

from collections.abc import Mapping
from typing import Any

Letters = Mapping[str, Any]

ENGLISH: Letters = {
    "code": "en",
    "calendar_file": "visit.ics",
    "visit": {
        "booked": {
            "subject": "Your visit on {day} at {time}",
            "heading": "Your visit is booked",
            "lead": "We look forward to seeing you. The attached file puts the visit into your"
            " calendar.",
        },
        "moved": {
            "subject": "Your visit has moved to {day} at {time}",
            "heading": "Your visit has moved",
            "lead": "This is the new time. The attached file updates your calendar.",
        },
        "cancelled": {
            "subject": "Your visit on {day} at {time} is cancelled",
            "heading": "Your visit is cancelled",
            "lead": "The visit below will not take place. To find another time, call {phone}.",
        },
    },
    "preparation": {
        "subject": "Before your visit on {day} at {time}",
        "heading": "Before your visit",
        "lead": "Your visit is on {day} at {time}. Please read this before you come.",
    },
    "aftercare": {
        "subject": "After your visit",
        "heading": "After your visit",
        "lead": "Please keep this for today and tomorrow.",
    },
    "notes": {
        "times": "Times for your visit",
        "request": "About your request",
        "visits": "Your visits",
        "visit": "About your visit",
    },
    "when": "When",
    "where": "Where",
    "phone": "Phone",
    "open": "Open your page",
    "questions": "Questions? Call",
    "emergency": "In an emergency call 911. In a crisis call or text 988, day or night.",
}

SPANISH: Letters = {
    "code": "es",
    "calendar_file": "visita.ics",
    "visit": {
        "booked": {
            "subject": "Su visita: {day}, {time}",
            "heading": "Su visita está programada",
            "lead": "Será un gusto recibirle. El archivo adjunto agrega la visita a su calendario.",
        },
        "moved": {
            "subject": "Su visita cambió: {day}, {time}",
            "heading": "Su visita cambió de hora",
            "lead": "Esta es la nueva hora. El archivo adjunto actualiza su calendario.",
        },
        "cancelled": {
            "subject": "Su visita cancelada: {day}, {time}",
            "heading": "Su visita está cancelada",
            "lead": "La siguiente visita no tendrá lugar. Para buscar otra hora, llame al {phone}.",
        },
    },
    "preparation": {
        "subject": "Antes de su visita: {day}, {time}",
        "heading": "Antes de su visita",
        "lead": "Su visita: {day}, {time}. Por favor, lea esto antes de venir.",
    },
    "aftercare": {
        "subject": "Después de su visita",
        "heading": "Después de su visita",
        "lead": "Por favor, conserve esto para hoy y mañana.",
    },
    "notes": {
        "times": "Horas para su visita",
        "request": "Sobre su solicitud",
        "visits": "Sus visitas",
        "visit": "Sobre su visita",
    },
    "when": "Cuándo",
    "where": "Dónde",
    "phone": "Teléfono",
    "open": "Abrir su página",
    "questions": "¿Preguntas? Llame al",
    "emergency": "En una emergencia llame al 911. En una crisis llame al 988 (oprima el 2 para"
    " español) o envíe la palabra AYUDA por mensaje de texto al 988, de día o de noche.",
}

BY_LANGUAGE: Mapping[str, Letters] = {"en": ENGLISH, "es": SPANISH}


def letters(language: str) -> Letters:
    """What mails say in a language; English for one that has none."""
    return BY_LANGUAGE.get(language, ENGLISH)
