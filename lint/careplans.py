"""`python -m lint.careplans`: checks the profile and every care plan against R13-R29.

It names the file, the step and the key of each fault, then the cost of every patient's journey.
"""

import sys
from collections.abc import Iterator

from chalicelib.clinic.careplan.conditions import RULES
from chalicelib.clinic.careplan.plan import CarePlan, load_careplans
from chalicelib.clinic.profile import FILE, Clinic, load_profile
from chalicelib.languages import languages
from chalicelib.toml_files import TomlFileError
from lint.journeys import cap_faults, costs
from lint.plan_rules import leaflet_faults, plan_faults, route_faults, step_faults
from lint.step_wordings import wordings_faults


def main() -> int:
    """Print every fault; 0 when there is none."""
    try:
        clinic, every = load_profile(), load_careplans()
    except TomlFileError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    plans = [plan for plan in every.values() if clinic.find_visit_type(plan.visit_type)]
    left = [plan for plan in every.values() if plan not in plans]
    faults = [*profile_faults(clinic)]
    faults += [fault for plan in plans for fault in all_faults(clinic, plan)]
    faults += [f"{plan.file}, {fault}" for plan in left for fault in route_faults(clinic, plan)]
    steps = sum(len(plan.steps) for plan in plans)
    summary = f"{len(plans)} care plans, {steps} steps: {len(faults)} faults"
    kept = [f"{plan.file}: left for what is booked; no visit type names it" for plan in left]
    table = [] if faults else costs(clinic, plans)
    sys.stdout.write("\n".join([*faults, summary, *kept, *table, ""]))
    return 1 if faults else 0


def all_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """Each fault of a plan with its place: file, step, key."""
    yield from (f"{plan.file}, {fault}" for fault in plan_faults(clinic, plan))
    for step in plan.steps:
        where = f"{plan.file}, step {step.id}, "
        yield from (where + fault for fault in step_faults(clinic, plan, step))
        yield from (where + fault for fault in wordings_faults(clinic, plan, step))
    yield from (f"{plan.file}, {fault}" for fault in leaflet_faults(clinic, plan))
    yield from (f"{plan.file}: {fault}" for fault in cap_faults(clinic, plan))


def profile_faults(clinic: Clinic) -> Iterator[str]:
    """A consent that a language lacks, or that does not say what it must (R1); a route's name."""
    for name in sorted(RULES.keys() & clinic.routes.keys()):
        yield f"{FILE}, routes.{name}: is the name of a condition of steps; choose another"
    for name, consent in (
        ("appointment", clinic.consents.appointment),
        ("detailed", clinic.consents.detailed),
    ):
        for language in languages():
            where = f"{FILE}, consents.{name}.text.{language}"
            text = consent.text.get(language)
            if text is None:
                yield f"{where}: is missing; everybody agrees in words that they can read (R2)"
                continue
            needed = [clinic.name] + (["STOP", "HELP"] if name == "appointment" else [])
            yield from (f"{where}: does not say {word} (R1)" for word in needed if word not in text)


if __name__ == "__main__":
    raise SystemExit(main())
