"""The care plans: for each visit type what is said when, as a named clinician approved it."""

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from chalicelib.clinic.careplan.conditions import RULES
from chalicelib.clinic.careplan.step import Leaflet, Step
from chalicelib.clinic.profile import Clinic, UnknownInClinic, load_profile
from chalicelib.clinic.profile_models import Id
from chalicelib.domain.messaging.wording import Approval, Level, Wording, without_stop_line
from chalicelib.domain.record import Value
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.toml_files import CLINIC_DATA, Length, TomlFileError, checked, read, stems

FOLDER = "careplans"


class CarePlan(Value):
    """The steps around one type of visit."""

    visit_type: Id
    route: Id
    is_sedating: bool  #: from the clinic's route; not a key of the file
    approval: Approval
    clock_times: dict[str, Length] = Field(
        default_factory=dict
    )  #: how long before the start, by placeholder
    steps: tuple[Step, ...]
    leaflet: dict[str, Leaflet]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have the same id; give each its own")
        if "en" not in self.leaflet:
            raise ValueError("the English leaflet is missing; add leaflet.en")
        return self

    @property
    def file(self) -> str:
        return f"{FOLDER}/{self.visit_type}.toml"

    @property
    def content_sha256(self) -> str:
        """What an approval covers: everything but the approval itself."""
        content = self.model_dump(mode="json", exclude={"approval", "is_sedating"})
        for step in content["steps"]:
            step["when"], step["requires_status"] = (
                sorted(step["when"]),
                sorted(step["requires_status"]),
            )
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def is_approved(self) -> bool:
        return self.approval.covers(self.content_sha256)

    def find(self, step_id: str) -> Step | None:
        """The step; None for one that was removed after something was written for it."""
        return next((step for step in self.steps if step.id == step_id), None)

    def step(self, step_id: str) -> Step:
        found = self.find(step_id)
        if found is None:
            raise UnknownInClinic("step", step_id)
        return found

    def wording(
        self,
        step: Step,
        *,
        language: str = "en",
        level: Level = "neutral",
        ask: bool = True,
        adds: Step | None = None,
        by_mail: bool = False,
    ) -> Wording:
        """The words of a step: detailed only when sedating (R23).

        English where the language has none. Without `ask` the question is left out (R20); `adds` is
        a step that came too late, whose short instructions are added to this one (R17). A mail has
        no reply words and no STOP line.
        """
        language = language if language in step.wording else "en"
        levels = step.wording[language]
        detailed = levels.detailed if level == "detailed" and self.is_sedating else None
        parts = {
            "question": step.question.get(language, "") if ask and not by_mail else "",
            "instructions": adds.brief.get(language, adds.brief.get("en", "")) if adds else "",
        }
        text = _with_parts(detailed or levels.neutral, parts)
        return self._wording(
            without_stop_line(text) if by_mail else text,
            language=language,
            level="detailed" if detailed else "neutral",
            segments=2 if adds else step.segments,
            place=f"step {step.id}",
        )

    def leaflet_lines(
        self, part: Literal["before", "after"], language: str = "en"
    ) -> tuple[Wording, ...]:
        """The lines for the patient's page and mails, to be rendered with the same values."""
        language = language if language in self.leaflet else "en"
        leaflet = self.leaflet[language]
        return tuple(
            self._wording(line, language=language, level="detailed", segments=2, place="leaflet")
            for line in (leaflet.before if part == "before" else leaflet.after)
        )

    def _wording(
        self, text: str, *, language: str, level: Level, segments: int, place: str
    ) -> Wording:
        return Wording(
            text=text,
            segments=segments,
            language=language,
            level=level,
            version=self.approval.version,
            is_approved=self.is_approved,
            source=f"{self.file}, {place}",
        )


def plan_of(plans: Mapping[str, CarePlan], visit: Appointment) -> CarePlan:
    """The plan for what was booked; an empty plan if the plan was removed since (R71)."""
    return plans.get(visit.visit_type, NO_PLAN)


NO_PLAN = CarePlan(
    visit_type="gone",
    route="gone",
    is_sedating=False,
    approval=Approval(
        version="none", status="approved", approver="nobody", role="none", on=date.min
    ),
    steps=(),
    leaflet={"en": Leaflet()},
)


@cache
def load_careplans() -> Mapping[str, CarePlan]:
    """The plan of each visit type. Read on first use; TomlFileError says what is wrong and where.

    The plans of removed types that still have a file are included: what was booked gets its texts
    (R71).
    """
    clinic = load_profile()
    codes = [visit_type.code for visit_type in clinic.visit_types]
    codes += [code for code in stems(f"{CLINIC_DATA}/{FOLDER}") if code not in codes]
    plans = {
        code: careplan_of(clinic, code, read(CLINIC_DATA, f"{FOLDER}/{code}.toml"))
        for code in codes
    }
    return MappingProxyType(plans)


def careplan_of(clinic: Clinic, code: str, values: Mapping[str, Any]) -> CarePlan:
    """The plan from a file's values; TomlFileError when a key or a condition is unknown.

    If the clinic no longer has its route, the plan counts as sedating (R71).
    """
    route = clinic.routes.get(str(values.get("route")))
    known = {"visit_type": code, "is_sedating": route is None or route.is_sedating}
    plan = checked(CarePlan, f"{FOLDER}/{code}.toml", {**values, **known})
    for stray in sorted(known.keys() & values.keys()):
        raise TomlFileError(f"{plan.file} cannot be used:\n  {stray}: is no key here; remove it")
    for number, step in enumerate(plan.steps, 1):
        for unknown in sorted(step.when - {*RULES, *clinic.routes, plan.route}):
            raise TomlFileError(
                f"{plan.file} cannot be used:\n  steps[{number}] (id {step.id}).when: {unknown!r}"
                " is neither a condition nor a route of clinic.toml; correct its spelling"
            )
    return plan


def _with_parts(text: str, parts: Mapping[str, str]) -> str:
    """The text with its optional sentences in place; no gap where one is left out."""
    for name, sentence in parts.items():
        text = text.replace(f"{{{name}}}", sentence)
    return re.sub(r" {2,}", " ", text).strip()
