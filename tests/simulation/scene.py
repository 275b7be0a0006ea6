"""What everybody in a run shares: the seed's chance, the time, what goes wrong, and what is so."""

from dataclasses import dataclass
from random import Random

from tests.simulation.faults import Faults
from tests.simulation.frontdesk import FrontDesk
from tests.simulation.ledger import Ledger
from tests.simulation.service import Service
from tests.simulation.stage import Stage


@dataclass(frozen=True)
class Scene:
    chance: Random
    stage: Stage
    faults: Faults
    ledger: Ledger
    service: Service
    desk: FrontDesk
    numbers: list[str]  #: of those who live near the clinic
