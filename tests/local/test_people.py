"""The commands that hand over or erase a patient, over the world of the tests."""

import json
from collections.abc import Iterator

import pytest

from chalicelib import wiring
from chalicelib.domain.change import Change
from chalicelib.domain.errors import Unavailable
from chalicelib.usecases.patients.contact_details import patient_of
from local.people import main
from tests.builders.visits import just_booked
from tests.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)


def test_everything_is_printed_as_json(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    visit_id = just_booked(world).id
    capsys.readouterr()
    assert main(["export", visit_id]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "Ana Löwe" in [record.get("name") for record in told["records"]]


def test_a_patient_is_erased_by_a_member_of_staff(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    visit_id = just_booked(world).id
    world.drain()
    assert main(["erase", visit_id, "nobody"]) == 1
    assert patient_of(world.context, visit_id).name == "Ana Löwe"
    seed = world.services.clinic.staff[0].id
    capsys.readouterr()
    assert main(["erase", visit_id, seed]) == 0
    assert "rows were erased" in capsys.readouterr().out
    assert patient_of(world.context, visit_id).name == "erased"


def test_an_erasure_that_broke_off_says_so_and_goes_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    visit_id = just_booked(world).id
    commit, left = world.store.commit, [1]

    def breaks_off(change: Change) -> None:
        if not left:
            raise Unavailable("throttled")
        left.pop()
        commit(change)

    world.store.commit = breaks_off  # type: ignore[method-assign]
    seed = world.services.clinic.staff[0].id
    assert main(["erase", visit_id, seed]) == 1
    assert "not finished" in capsys.readouterr().out
    assert patient_of(world.context, visit_id).name == "erased"
    world.store.commit = commit  # type: ignore[method-assign]
    assert main(["erase", visit_id, seed]) == 0
    assert "ana@example.org" not in json.dumps([*world.store._rows.values()], default=str)


@pytest.mark.parametrize("arguments", [[], ["erase", "APT-1"], ["export", ""], ["burn", "APT-1"]])
def test_a_wrong_command_says_how(
    world: World, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_without_settings_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wiring.provide(None)
    monkeypatch.delenv("TABLE_NAME", raising=False)
    assert main(["export", "APT-1"]) == 1
    assert "TABLE_NAME" in capsys.readouterr().out
