"""Ids and jitter can be foreseen only where a replay asks for that."""

import random

from chalicelib.domain.randomness import drawn_from, source
from chalicelib.domain.record import new_id


def ids_of(seed: int) -> list[str]:
    with drawn_from(random.Random(seed)):
        return [new_id("APT") for _ in range(3)]


def test_a_seed_gives_the_same_ids_again_and_another_seed_others() -> None:
    assert ids_of(1) == ids_of(1)
    assert not set(ids_of(1)) & set(ids_of(2))


def test_without_a_seed_the_systems_own_chance_is_drawn_from() -> None:
    ids_of(1)
    assert isinstance(source(), random.SystemRandom)
