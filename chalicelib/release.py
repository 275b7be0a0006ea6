"""`python -m chalicelib.release STAGE`: whether the clinic's own files may be deployed there (R59).

`make package` checks this before it packs, and the service itself before it starts.
"""

import sys
from collections.abc import Iterable, Sequence

from chalicelib.clinic.careplan.plan import CarePlan, load_careplans
from chalicelib.clinic.profile import FILE, Clinic, load_profile
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.wording import Approval
from chalicelib.messages import catalogue
from chalicelib.messages.catalogue import Catalogue, load_catalogue
from chalicelib.stages import DEPLOYED, host_of, is_made_up_number, is_reserved_name, mail_host

SAMPLE = "sample"


def main(arguments: Sequence[str]) -> int:
    """Print what this stage refuses; 0 when there is nothing."""
    stage = arguments[0] if len(arguments) == 1 else ""
    if stage not in DEPLOYED:
        sys.stdout.write(f"STAGE is one of {', '.join(DEPLOYED)}: no other is deployed\n")
        return 1
    if refused := _refused(stage):
        lines = [f"STAGE={stage} refuses the clinic's files (docs/production.md):", *refused]
        sys.stdout.write("\n  ".join(lines) + "\n")
    return 1 if refused else 0


def require_releasable(stage: str) -> None:
    """Unavailable, naming every file and key, when production would serve a sample."""
    if refused := _refused(stage):
        raise Unavailable(f"samples in production: {'; '.join(refused)}")


def sample_faults(
    clinic: Clinic, plans: Iterable[CarePlan], catalogues: Iterable[Catalogue]
) -> list[str]:
    """Each key of the clinic's files that marks a sample, or whose approval does not fit."""
    approvals = [(plan.file, plan.is_approved, plan.approval) for plan in plans]
    approvals += [(each.file, each.is_approved, each.approval) for each in catalogues]
    return [
        *(f"{FILE}, {key}" for key, is_made_up in _made_up(clinic).items() if is_made_up),
        *(f"{file}, approval" for file, holds, by in approvals if not holds or _names_nobody(by)),
    ]


def _refused(stage: str) -> list[str]:
    if stage != "prod":
        return []
    catalogues = map(load_catalogue, catalogue.languages())
    return sample_faults(load_profile(), load_careplans().values(), catalogues)


def _made_up(clinic: Clinic) -> dict[str, bool]:
    """By key of the clinic's profile, whether its value is an example."""
    staff = {
        f"staff {person.id}, email": is_reserved_name(mail_host(person.email))
        for person in clinic.staff
    }
    return {
        SAMPLE: clinic.sample,
        "phone": is_made_up_number(clinic.phone),
        "privacy_url": is_reserved_name(host_of(clinic.privacy_url)),
        "terms_url": is_reserved_name(host_of(clinic.terms_url)),
        **staff,
    }


def _names_nobody(approval: Approval) -> bool:
    return SAMPLE in f"{approval.approver} {approval.role}".lower()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
