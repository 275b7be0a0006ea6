"""The form and its thanks in Spanish, as it is spoken in the United States."""

from collections.abc import Mapping
from typing import Any

FORM: Mapping[str, Any] = {
    "language": {"code": "es", "own_name": "Español"},
    "page": {
        "skip": "Ir al contenido",
        "phone": "Teléfono",
        "emergency": "En una emergencia llame al 911. En una crisis llame al 988 (oprima el 2 para"
        " español) o envíe la palabra AYUDA por mensaje de texto al 988, de día o de noche.",
        "optional": "opcional",
        "please_choose": "Elija una opción",
    },
    "request": {
        "heading": "Solicite una cita",
        "lead": "Díganos cómo podemos comunicarnos con usted. Una persona lee cada solicitud y"
        " responde en un plazo de {hours} horas de atención.",
        "answer_by": "Si la envía ahora, le responderemos a más tardar el {day}, {clock}.",
        "not_watched": "Este formulario no se revisa a toda hora.",
        "name": "Su nombre",
        "phone": "Su número de teléfono",
        "phone_hint": "Un número de los Estados Unidos, por ejemplo 316-555-0142.",
        "email": "Su correo electrónico",
        "email_hint": "Si nos lo da, también le escribiremos ahí.",
        "time_zone": "Su zona horaria",
        "time_zone_hint": "No enviamos mensajes de texto tarde por la noche ni de madrugada.",
        "same_zone": "La misma que la de la clínica",
        "reason": "¿Cuál es el motivo de su consulta?",
        "reason_hint": "Solo lo ve nuestro equipo.",
        "preferred": "¿Cuándo podría venir?",
        "preferred_hint": "Marque todo lo que le convenga. Buscaremos una hora entre esas"
        " opciones.",
        "note": "¿Hay algo que debamos saber?",
        "note_hint": "No incluya datos médicos que prefiera contarnos en persona. Máximo 1,000"
        " caracteres.",
        "texts": "Mensajes de texto",
        "texts_hint": "Puede pedir una cita sin aceptarlos. Deje las casillas vacías y le"
        " llamaremos.",
        "discreet": "Les pido discreción: que ningún mensaje muestre de qué tipo de visita se"
        " trata.",
        "privacy_policy": "Política de privacidad",
        "text_terms": "Condiciones de los mensajes de texto",
        "privacy_notice": "Al enviar esta solicitud, nos pide que nos comuniquemos con usted sobre"
        " una cita. Cómo tratamos lo que nos cuenta está escrito en nuestra",
        "privacy_named": "política de privacidad",
        "send": "Enviar la solicitud",
        "leave_empty": "Deje esto vacío",
        "look_again": "Por favor, revise esto",
        "sent_before": "Este formulario ya se envió con otras respuestas. Si también desea hacer"
        " esta solicitud, envíela otra vez.",
        "too_many": "Llegaron demasiadas solicitudes a la vez. Inténtelo más tarde o llámenos al"
        " {phone}.",
    },
    "next": {
        "heading": "Qué sigue ahora",
        "steps": (
            "Una persona lee su solicitud. Ninguna máquina programa su cita.",
            "Le ofrecemos una hora, o le llamamos si algo no está claro.",
            "Cuando su visita esté programada, le diremos cómo prepararse y, después, cómo"
            " cuidarse.",
        ),
    },
    "thanks": {
        "heading": "Gracias. Recibimos su solicitud.",
        "short": "Gracias",
        "reference": "Su número de referencia es",
        "answer_by": "Alguien de nuestro equipo le responderá a más tardar el",
        "changes": "Si algo cambia, llámenos al {phone} y diga su número de referencia.",
    },
    "days": {
        "mon": "Lunes",
        "tue": "Martes",
        "wed": "Miércoles",
        "thu": "Jueves",
        "fri": "Viernes",
        "sat": "Sábado",
        "sun": "Domingo",
    },
    "parts": {"morning": "Mañana", "afternoon": "Tarde", "evening": "Noche"},
    "reasons": {
        "depression": "Depresión",
        "anxiety": "Ansiedad",
        "ptsd": "Estrés postraumático (TEPT)",
        "bipolar": "Trastorno bipolar",
        "chronic_pain": "Dolor crónico",
        "fibromyalgia": "Fibromialgia",
        "other": "Otro motivo",
        "undisclosed": "Prefiero no decirlo",
    },
    "zones": {
        "America/New_York": "Este",
        "America/Chicago": "Centro",
        "America/Denver": "Montaña",
        "America/Phoenix": "Arizona",
        "America/Los_Angeles": "Pacífico",
        "America/Anchorage": "Alaska",
        "Pacific/Honolulu": "Hawái",
    },
    "errors": {
        "name": "Escriba su nombre, con 100 caracteres como máximo.",
        "phone": "Escriba un número de teléfono de los Estados Unidos que reciba llamadas, como"
        " 316-555-0142.",
        "email": "Revise el correo electrónico o deje el campo vacío.",
        "reason": "Elija uno de los motivos, o “Prefiero no decirlo”.",
        "preferred": "Elija días y partes del día de la lista.",
        "note": "Escriba una nota de 1,000 caracteres como máximo.",
        "language": "Elija inglés o español.",
        "sms_consent": "Marque la casilla o déjela vacía.",
        "detailed_consent": "Marque la casilla o déjela vacía.",
        "discreet": "Marque la casilla o déjela vacía.",
        "time_zone": "No conocemos esta zona horaria. Elija una de la lista.",
        "other": "Por favor, revise esto.",
    },
    "script": {
        "title": "Solicite una cita",
        "own_page": "Abrir el formulario en su propia página",
    },
}
