"""What stands behind a patient's own link, and what refusals say: Spanish."""

from collections.abc import Mapping
from typing import Any

LINKS: Mapping[str, Any] = {
    "visit": {
        "heading": "Su visita",
        "confirm": "Gracias. Será un gusto recibirle.",
        "reschedule": "Gracias. Le llamaremos para buscar otra hora. Mientras tanto, su visita"
        " sigue como está.",
        "opt_out": "Ya no le enviaremos mensajes de texto. Lo importante sobre su visita le"
        " llegará por correo electrónico o por teléfono.",
        "choose": "Gracias. Su visita está programada.",
        "cancelled": "Esta visita está cancelada. Para buscar otra hora, llámenos al {phone}.",
        "noshow": "No pudimos verle ese día. Para buscar otra hora, llámenos al {phone}.",
        "when_and_where": "Cuándo y dónde",
        "when": "Cuándo",
        "what": "Qué",
        "where": "Dónde",
        "until": "Salida aproximada: {clock}",
        "you_said": "Usted dijo",
        "will_come": "que vendrá",
        "calendar": "Agregar a su calendario",
        "coming": "¿Va a venir?",
        "coming_tick": "Sí, vendré a esta hora",
        "coming_send": "Confirmar",
        "before": "Antes de su visita",
        "after": "Después",
        "changes": "Si algo cambia",
        "move": "Necesito otra hora",
        "move_tick": "Llámenme para buscar otra hora",
        "move_send": "Pedir una llamada",
    },
    "wish": {
        "heading": "Su solicitud",
        "opt_out": "Ya no le enviaremos mensajes de texto. Le llamaremos por teléfono.",
        "choices": "Podemos ofrecerle estas horas. Elija una. Será suya en cuanto la envíe.",
        "which": "¿Qué hora le conviene?",
        "choose": "Tomar esta hora",
        "none_suits": "¿No le conviene ninguna? Llámenos al {phone}.",
        "all_taken": "Las horas que le ofrecimos ya están ocupadas. Nos comunicaremos con usted,"
        " o puede llamarnos al {phone}.",
        "received": "Tenemos su solicitud y le responderemos a más tardar el {day}, {clock}.",
        "talk": "Llámenos al {phone} para hablar de su solicitud.",
    },
    "texts": {
        "heading": "No recibir más mensajes de texto",
        "tick": "Ya no me envíen mensajes de texto",
        "send": "Detener todos los mensajes",
    },
    "answers": {
        "sure": "Marque la casilla para indicar que está de acuerdo.",
        "starts_at": "Elija una de las horas.",
        "taken": "Alguien acaba de tomar esa hora. Elija otra.",
        "other": "Por favor, revise esto.",
    },
    "settled": {
        "booked": "Esta visita se programó el {at}.",
        "declined": "Esta solicitud se respondió el {at}.",
        "closed": "Esta solicitud se cerró el {at}.",
        "cancelled": "Esta visita se canceló el {at}.",
        "else": "Esta visita ya comenzó o ya terminó.",
    },
    "problem": {
        "call": "Si nos necesita, llámenos al {phone}.",
        "bare": "Si es urgente, llame a la clínica.",
        "still_free": "Todavía hay lugar:",
    },
    "problems": {
        "not_found": {
            "title": "No encontramos esta página",
            "text": "Esta página no existe o el enlace está incompleto. Ábralo otra vez desde el"
            " mensaje.",
        },
        "expired": {
            "title": "Este enlace ya venció",
            "text": "Por seguridad, los enlaces dejan de funcionar después de un tiempo.",
        },
        "decided": {"title": "Esto ya está resuelto", "text": ""},
        "taken": {"title": "Esa hora ya está ocupada", "text": "Hay otra cita a esa hora."},
        "invalid": {
            "title": "Por favor, revise esto",
            "text": "Hay que corregir algunos campos.",
        },
        "too_many": {
            "title": "Demasiadas solicitudes",
            "text": "Llegaron demasiadas solicitudes a la vez. Inténtelo más tarde o llámenos.",
        },
        "too_much": {
            "title": "Es demasiado a la vez",
            "text": "Hágalo en dos pasos. No se cambió nada.",
        },
        "unavailable": {
            "title": "Inténtelo de nuevo en un momento",
            "text": "Algo no respondió. No se cambió nada.",
        },
        "stale": {"title": "Inténtelo de nuevo en un momento", "text": "No se cambió nada."},
        "unreadable": {
            "title": "Por favor, llámenos",
            "text": "Esto no se puede mostrar en este momento.",
        },
        "bad_body": {
            "title": "No pudimos leer esto",
            "text": "Regrese e inténtelo de nuevo.",
        },
        "too_long": {
            "title": "Esto es demasiado largo",
            "text": "Regrese y dígalo con menos palabras, o llámenos.",
        },
        "wrong_method": {
            "title": "Esto no se puede hacer aquí",
            "text": "Regrese e inténtelo de nuevo.",
        },
        "failed": {
            "title": "Algo falló de nuestro lado",
            "text": "Inténtelo de nuevo en unos minutos. Nada se repite si lo envía otra vez.",
        },
        "refused": {
            "title": "No se pudo hacer",
            "text": "Regrese e inténtelo de nuevo.",
        },
    },
}
