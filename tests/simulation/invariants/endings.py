"""All that is asked once a run has come to rest: no fault lasts, and nothing is due any more."""

from typing import NamedTuple

from chalicelib.clinic.profile import Clinic
from tests.simulation.engine.service import Service
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.account import Account
from tests.simulation.invariants.answers import Answers
from tests.simulation.invariants.decisions import Decisions
from tests.simulation.invariants.drops import Drops
from tests.simulation.invariants.kept import Kept
from tests.simulation.invariants.ledger import Ledger
from tests.simulation.invariants.promises import Promises
from tests.simulation.invariants.visits import Visits
from tests.simulation.world.clinic import PLANS
from tests.simulation.world.delivery import NUMBER_REFUSED
from tests.simulation.world.frontdesk import FrontDesk
from tests.simulation.world.mails import Mails
from tests.simulation.world.provider import SETTINGS_REFUSED, Provider


class Rested(NamedTuple):
    """What a run has left behind."""

    ledger: Ledger
    table: QuickTable
    clinic: Clinic
    provider: Provider
    mails: Mails
    service: Service
    front_desk: FrontDesk


def judge_in_the_end(run: Rested) -> None:
    """Raises `Broken` with the first thing that does not hold."""
    ledger, table = run.ledger, run.table
    account = Account(ledger, table)
    account.of_rows()
    if ledger.lost:
        return  # much of what was promised is forgotten; what was sent was judged at once
    account.of_texts(run.provider.taken, run.provider.received)
    account.of_mails(run.mails.sent, run.service.told)
    account.of_erased(run.front_desk.erased, run.provider.taken)
    Visits(ledger, table, PLANS).of_visits()
    promises = Promises(ledger, table)
    promises.to_who_asked(run.front_desk.acknowledged)
    promises.to_who_wrote()
    promises.to_staff()
    counted = run.provider.faults.counted
    promises.of_alarms(sum(counted[kind] for kind in (SETTINGS_REFUSED, NUMBER_REFUSED)))
    promises.to_patients()
    decisions = Decisions(ledger, table, run.clinic, PLANS)
    decisions.of_visits()
    decisions.of_sheets()
    decisions.of_requests()
    Answers(ledger, table).of_who_wrote()
    drops = Drops(ledger, table, run.clinic, PLANS)
    drops.of_rows()
    drops.of_stop(run.provider)
    kept = Kept(ledger, table)
    kept.of_requests()
    kept.of_rows()
    kept.of_provider(run.provider.taken, run.provider.received)
