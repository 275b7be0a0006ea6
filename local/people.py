"""`make export` and `make erase`: everything about one patient of a deployed stage.

The environment names the table and the queue, as for the service.
"""

import json
import sys
from collections.abc import Sequence

from chalicelib import wiring
from chalicelib.domain.errors import AlreadyDecided, NotFound, Unavailable
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.privacy.export import export_patient
from chalicelib.usecases.staff import acting

USAGE = """usage: python -m local.people export WHO
       python -m local.people erase WHO BY

WHO is a request, a visit or a patient (REQ-…, APT-…, PAT-…); BY is the id of a member of staff."""


def main(arguments: Sequence[str]) -> int:
    try:
        match arguments:
            case ["export", who] if who:
                print(json.dumps(export_patient(wiring.services().context, who), indent=2))
            case ["erase", who, by] if who and by:
                print(_erased(who, by))
            case _:
                print(USAGE, file=sys.stderr)
                return 2
    except NotFound:
        print("There is nobody of that name: neither a patient nor a member of staff.")
        return 1
    except AlreadyDecided:
        print("The patient is being treated. Record the end of the visit first.")
        return 1
    except Unavailable as error:
        print(f"This was not finished; run it again: {error}")
        return 1
    return 0


def _erased(who: str, by: str) -> str:
    services = wiring.services()
    actor = acting(services.context, by, services.clock.now())
    done = erase(services.context, who, actor=actor)
    told = f"{done.rows} rows were erased; Twilio's copies follow within minutes."
    if done.under_way:
        told += f" {done.under_way} texts are under way: erase again in an hour."
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
