"""What everything in a run shares: the seed's randomness, the time, the faults, and the state."""

from dataclasses import dataclass
from random import Random

from tests.simulation.engine.faults import Faults
from tests.simulation.engine.service import Service
from tests.simulation.engine.stage import Stage
from tests.simulation.invariants.ledger import Ledger
from tests.simulation.world.frontdesk import FrontDesk


@dataclass(frozen=True)
class Scene:
    chance: Random
    stage: Stage
    faults: Faults
    ledger: Ledger
    service: Service
    front_desk: FrontDesk
    numbers: list[str]  #: of those who live near the clinic
