"""A plan's leaflet for pages, in the reader's zone."""

from collections.abc import Sequence

from chalicelib import wiring
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.placeholders import visit_values
from chalicelib.domain.messaging.wording import Wording
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.messages.render import render_line


def lines_of(wordings: Sequence[Wording], visit: Appointment, patient: Patient) -> list[str]:
    """The lines; none if the wording is not approved for this stage (R21)."""
    services = wiring.services()
    samples_allowed = services.settings.stage == "local"
    texts = []
    for wording in wordings:
        values = visit_values(
            services.clinic,
            plan_of(services.plans, visit),
            start=visit.start_at,
            reader_zone=services.clinic.zone_of(patient),
            language=wording.language,
            long=True,
        )
        if wording.is_approved or samples_allowed:
            texts.append(render_line(wording, values, samples_allowed=samples_allowed))
    # A text begins with the clinic's name; on the clinic's own page that is superfluous.
    said = [text.removeprefix(f"{services.clinic.sender}: ") for text in texts]
    return [text[:1].upper() + text[1:] for text in said]
