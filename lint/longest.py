"""Every placeholder of a plan with the longest value that it may have, for the lint's counts."""

from datetime import UTC, datetime, timedelta

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.local_time import said_day
from chalicelib.clinic.profile import Clinic

YEAR = [datetime(2027, 1, 1, 18, 30, tzinfo=UTC) + timedelta(days=n) for n in range(365)]


def longest_values(clinic: Clinic, plan: CarePlan, language: str = "en") -> dict[str, str]:
    """The longest day of the year, the latest hour, the longest name of the clinic's zone."""
    zone = max((f"{at.astimezone(clinic.zone):%Z}" for at in YEAR), key=len)
    day = max((said_day(at, clinic.zone, language) for at in YEAR), key=len)
    weekday = max((said_day(at, clinic.zone, language).split()[0] for at in YEAR), key=len)
    return {
        **clinic.values(language),
        "day": day,
        "time": f"12:30 PM {zone}",
        **dict.fromkeys(plan.clock_times, f"{weekday} 12:30 AM {zone}"),
    }
