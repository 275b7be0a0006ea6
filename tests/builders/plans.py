"""Steps, plans and instants that are valid by default."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import Step
from chalicelib.clinic.profile import load_profile

WICHITA = ZoneInfo("America/Chicago")


def wichita(text: str) -> datetime:
    """`2026-12-01 09:00` on the clinic's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=WICHITA)


def a_step(**values: Any) -> Step:
    return Step.model_validate(
        {
            "id": "reminder",
            "kind": "reminder",
            "anchor": "start",
            "offset": {"elapsed": "-2h"},
            "useful_for": "1h",
            "priority": 3,
            "wording": {"en": {"neutral": "{clinic}: {day} {time}. Reply STOP to opt out."}},
        }
        | values
    )


def a_plan(*steps: Step, route: str = "iv", **values: Any) -> CarePlan:
    return CarePlan.model_validate(
        {
            "visit_type": "iv_infusion",
            "route": route,
            "is_sedating": load_profile().routes[route].is_sedating,
            "approval": {
                "version": "1",
                "status": "sample",
                "sample": True,
                "approver": "nobody",
                "role": "sample",
                "on": date(2026, 11, 1),
            },
            "clock_times": {"no_food_after": "8h"},
            "steps": [step.model_dump() for step in steps] or [a_step().model_dump()],
            "leaflet": {"en": {"before": [], "after": []}},
        }
        | values
    )
