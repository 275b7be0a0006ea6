"""The clinic's data after an edit that removes something which stored rows name."""

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.visits.appointment import Appointment
from tests.world import World


def kind_alone(world: World, code: str = "iv_infusion") -> None:
    """Remove a kind of visit; the file of its care plan stays."""
    clinic = world.services.clinic
    kinds = tuple(each for each in clinic.visit_types if each.code != code)
    world.replace(clinic=clinic.model_copy(update={"visit_types": kinds}))


def kind(world: World, code: str = "iv_infusion") -> None:
    """Remove a kind of visit, and its care plan."""
    kind_alone(world, code)
    plans = {each: plan for each, plan in world.services.plans.items() if each != code}
    world.replace(plans=plans)


def kind_of_an_older_row(world: World, code: str = "iv_infusion") -> None:
    """The same, but the visits were stored before they kept what the clinic called them."""
    for row in list(world.store._rows.values()):
        if row["record"] == Appointment.KIND:
            key = Appointment.ref(row["id"]).key
            world.store.commit(Change(Patch(key, set={"booked_as": None})))
    kind(world, code)


def route(world: World, name: str = "iv") -> None:
    """Remove what a route implies, once no kind of visit names it."""
    clinic = world.services.clinic
    routes = {each: route for each, route in clinic.routes.items() if each != name}
    world.replace(clinic=clinic.model_copy(update={"routes": routes}))


def room(world: World, room_id: str = "room-1") -> None:
    clinic = world.services.clinic
    kinds = tuple(
        each.model_copy(update={"resources": tuple(r for r in each.resources if r != room_id)})
        for each in clinic.visit_types
    )
    rooms = tuple(each for each in clinic.resources if each.id != room_id)
    fewer = {"visit_types": kinds, "resources": rooms}
    world.replace(clinic=clinic.model_copy(update=fewer))


def person(world: World, staff_id: str = "nurse") -> None:
    clinic = world.services.clinic
    staff = tuple(each for each in clinic.staff if each.id != staff_id)
    world.replace(clinic=clinic.model_copy(update={"staff": staff}))


def step(world: World, step_id: str, code: str = "iv_infusion") -> None:
    plan = world.services.plans[code]
    steps = tuple(each for each in plan.steps if each.id != step_id)
    world.replace(plans={**world.services.plans, code: plan.model_copy(update={"steps": steps})})
