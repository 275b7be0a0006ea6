"""Hand over everything that is held about one patient (R55)."""

from typing import Any

from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.transaction import Context
from chalicelib.usecases.privacy.erase import everything_about, patient_named


def export_patient(context: Context, who: str) -> dict[str, Any]:
    """All that is stored about the patient whom a request, a visit or an id names, as JSON."""
    patient = patient_named(context, who)
    everything = everything_about(context, patient, context.store.of_patient(patient.id))
    owners = {row.key.pk for row in everything}
    rows = [
        {"record": row.KIND, **_own_part(row, patient, owners).model_dump(mode="json")}
        for row in everything
    ]
    return {"patient_id": patient.id, "records": rows}


def _own_part(row: Record, patient: Patient, owners: set[str]) -> Record:
    """Without who else uses the number, and what they were asked and sent."""
    if not isinstance(row, Phone):
        return row
    first = row.welcome_id if (row.welcome_id or "").partition(".")[0] in owners else None
    asked = {digit: what for digit, what in row.choosing.items() if owners & set(what.split())}
    return row.evolve(patients=(patient.id,), welcome_id=first, choosing=asked)
