"""What of the clinic's own files keeps production from being packed and started (R59)."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from chalicelib.clinic.careplan.plan import CarePlan, load_careplans
from chalicelib.clinic.profile import Clinic, load_profile
from chalicelib.domain.messaging.wording import Approval
from chalicelib.messages import catalogue
from chalicelib.messages.catalogue import Catalogue, load_catalogue
from chalicelib.release import sample_faults
from tests.builders.settings import production

PROJECT = Path(__file__).parent.parent
SAMPLES = [
    "clinic.toml, sample",
    "clinic.toml, phone",
    "clinic.toml, privacy_url",
    "clinic.toml, terms_url",
    *(f"clinic.toml, staff {person.id}, email" for person in load_profile().staff),
    *(f"{plan.file}, approval" for plan in load_careplans().values()),
    *(f"wordings/{language}.toml, approval" for language in catalogue.languages()),
]


#: Stands in files of a copy; nobody can own a name under arpa, and 555-1212 is nobody's own.
MINE = {
    "sample = true # a production stage refuses to start with a sample clinic": "sample = false",
    "+13165550100": "+13165551212",
    "cottonwood.example.com": "cottonwood.arpa",
    "@example.com": "@cottonwood.arpa",
}
STARTS = "from chalicelib import wiring; print(wiring.services().settings.stage)"


class Ours(NamedTuple):
    """A clinic's files as they are when somebody has answered for all of them."""

    clinic: Clinic
    plans: tuple[CarePlan, ...]
    catalogues: tuple[Catalogue, ...]

    def faults(self) -> list[str]:
        return sample_faults(self.clinic, self.plans, self.catalogues)


def approval(sha256: str, **changes: object) -> Approval:
    values = {"version": "1", "status": "approved", "approver": "Ruth Example", "role": "physician"}
    return Approval.model_validate({**values, "on": date(2026, 11, 1), "sha256": sha256, **changes})


def approved() -> Ours:
    clinic = load_profile()
    staff = tuple(
        person.model_copy(update={"email": f"{person.id}@cottonwood.arpa"})
        for person in clinic.staff
    )
    own: dict[str, object] = {
        "sample": False,
        "phone": "+13165551212",
        "privacy_url": "https://cottonwood.arpa/privacy",
        "terms_url": "https://cottonwood.arpa/terms",
        "staff": staff,
    }
    return Ours(
        clinic.model_copy(update=own),
        tuple(
            plan.model_copy(update={"approval": approval(plan.content_sha256)})
            for plan in load_careplans().values()
        ),
        tuple(
            each.model_copy(update={"approval": approval(each.content_sha256)})
            for each in map(load_catalogue, catalogue.languages())
        ),
    )


def with_clinic(**changes: object) -> Ours:
    ours = approved()
    return ours._replace(clinic=ours.clinic.model_copy(update=changes))


def with_plan(**changes: object) -> Ours:
    first, *others = approved().plans
    return approved()._replace(plans=(first.model_copy(update=changes), *others))


def with_wordings(**changes: object) -> Ours:
    first, *others = approved().catalogues
    return approved()._replace(catalogues=(first.model_copy(update=changes), *others))


PLAN = next(iter(load_careplans().values()))
ENGLISH = load_catalogue("en")


def test_files_that_somebody_answers_for_are_taken() -> None:
    assert approved().faults() == []


def test_every_file_of_this_repository_is_named_as_a_sample() -> None:
    catalogues = map(load_catalogue, catalogue.languages())

    assert sample_faults(load_profile(), load_careplans().values(), catalogues) == SAMPLES


@pytest.mark.parametrize(
    ("ours", "named"),
    [
        pytest.param(with_clinic(sample=True), "clinic.toml, sample", id="the mark left standing"),
        pytest.param(with_clinic(phone="+13165550100"), "clinic.toml, phone", id="the number"),
        pytest.param(
            with_clinic(terms_url="https://www.example.com/terms"),
            "clinic.toml, terms_url",
            id="an example's page",
        ),
        pytest.param(
            with_clinic(staff=(load_profile().staff[0],)),
            f"clinic.toml, staff {load_profile().staff[0].id}, email",
            id="an example's mailbox",
        ),
        pytest.param(
            with_plan(approval=PLAN.approval), f"{PLAN.file}, approval", id="a plan's sample mark"
        ),
        pytest.param(
            with_plan(steps=PLAN.steps[1:]), f"{PLAN.file}, approval", id="a plan edited afterwards"
        ),
        pytest.param(
            with_plan(approval=approval(PLAN.content_sha256, approver="Sample, nobody")),
            f"{PLAN.file}, approval",
            id="approved by nobody",
        ),
        pytest.param(
            with_wordings(approval=ENGLISH.approval),
            "wordings/en.toml, approval",
            id="sample wordings",
        ),
        pytest.param(
            with_wordings(tasks={}), "wordings/en.toml, approval", id="wordings edited afterwards"
        ),
    ],
)
def test_each_sample_is_named(ours: Ours, named: str) -> None:
    assert ours.faults() == [named]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as `make package` needs it, with the tools of this one."""
    ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    for name in ("chalicelib", "lint", ".chalice"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=ignored)
    for name in ("Makefile", "app.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "sam.json").write_text("{}")
    return tmp_path


def run(copy: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(copy), **variables}
    return subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def packed(copy: Path, stage: str, *options: str) -> subprocess.CompletedProcess[str]:
    """`make package`, which installs nothing: the tools are as they are."""
    return run(copy, "make", "--old-file=.venv/.installed", *options, "package", f"STAGE={stage}")


def test_production_is_not_packed_from_samples_and_every_one_is_named(copy: Path) -> None:
    done = packed(copy, "prod")

    assert done.returncode != 0
    for named in SAMPLES:
        assert named in done.stdout
    # What was packed before is not left lying there to be deployed.
    assert not (copy / "dist").exists()


@pytest.mark.parametrize("stage", ["local", "production", ""])
def test_no_other_stage_is_packed(copy: Path, stage: str) -> None:
    done = packed(copy, stage)

    assert done.returncode != 0
    assert "STAGE is one of dev, prod" in done.stdout
    assert not (copy / "dist").exists()


def test_the_samples_are_packed_for_trials(copy: Path) -> None:
    assert run(copy, sys.executable, "-m", "chalicelib.release", "dev").returncode == 0

    # What follows is not done here: it downloads the libraries.
    planned = packed(copy, "dev", "--dry-run").stdout
    assert planned.index("chalicelib.release 'dev'") < planned.index("package --stage dev")


def test_production_is_packed_and_starts_once_somebody_answers_for_every_file(copy: Path) -> None:
    answer_for_everything(copy)

    assert run(copy, sys.executable, "-m", "chalicelib.release", "prod").stdout == ""
    started = run(
        copy, sys.executable, "-c", STARTS, **production(), AWS_DEFAULT_REGION="us-east-1"
    )
    assert started.stdout.strip() == "prod", started.stdout + started.stderr


def answer_for_everything(copy: Path) -> None:
    """As docs/production.md says: the clinic's own data, then each approval with the sum of it."""
    data = copy / "chalicelib" / "clinic_data"
    files = [data / "clinic.toml"]
    plans = [*(data / "careplans").glob("*.toml")]
    wordings = [*(data / "wordings").glob("*.toml")]
    for file in (*files, *plans, *wordings):
        text = file.read_text(encoding="utf-8")
        for sample, mine in MINE.items():
            text = text.replace(sample, mine)
        text = re.sub(r"^sample = true\n", "", text, flags=re.MULTILINE)
        text = text.replace('status = "sample"', 'status = "approved"')
        text = re.sub(r'^approver = ".*"$', 'approver = "Ruth Example"', text, flags=re.MULTILINE)
        text = text.replace('role = "sample"', 'role = "physician"')
        file.write_text(text, encoding="utf-8")
    for lint, found in (("careplans", plans), ("messages", wordings)):
        # The lint tells the sum to set.
        said = run(copy, sys.executable, "-m", f"lint.{lint}").stdout
        for file in found:
            [sha256] = re.findall(rf"{file.parent.name}/{file.name}, .*set it to (\w+)", said)
            text = file.read_text(encoding="utf-8")
            text = text.replace("[approval]\n", f'[approval]\nsha256 = "{sha256}"\n', 1)
            file.write_text(text, encoding="utf-8")
