"""A new visit type, step or language is data alone: files change in a copy, and no code does."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.clinic.profile import load_profile
from tests.house import modules_in

ROOT = Path(__file__).parent.parent
LINTS = ("lint.careplans", "lint.messages")

#: Books one visit with the package that stands in the copy, and prints every text that it sends.
BOOKS = """
import logging; logging.disable(logging.CRITICAL)
from datetime import timedelta
from chalicelib.usecases.visits import book
from tests.world import RUTH, World, at
world = World()
asked = world.request(language={language!r})
visit = book.confirm(
    world.context, subject_id=asked.reference, when=at("2026-12-08T09:00"),
    visit_type={visit_type!r}, resource={resource!r}, actor=RUTH,
)
world.run_until(visit.end_at + timedelta(days=2))
print(*world.texts.bodies, sep="\\n")
"""
#: Opens the form in a language, as a visitor does.
READS = """
import logging; logging.disable(logging.CRITICAL)
from tests.web.browser import browsing, text_of
from tests.world import World
with browsing(World()) as browser:
    print(text_of(browser.get("/request?lang={language}")))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package alone, to be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "chalicelib", tmp_path / "chalicelib", ignore=ignored)
    return tmp_path


def ran(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=copy,
        env={**os.environ, "PYTHONPATH": f"{copy}{os.pathsep}{ROOT}"},
    )


def told(copy: Path, *arguments: str) -> str:
    done = ran(copy, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def texts(
    copy: Path, *, visit_type: str = "iv_infusion", language: str = "en", resource: str = "room-1"
) -> list[str]:
    for lint in LINTS:
        told(copy, "-m", lint)
    books = BOOKS.format(visit_type=visit_type, language=language, resource=resource)
    return told(copy, "-c", books).splitlines()


def added(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_one_module_knows_where_the_clinic_s_folder_is() -> None:
    sources = (ROOT / "chalicelib").rglob("*.py")
    named = [file.name for file in sources if "clinic_data" in file.read_text(encoding="utf-8")]
    assert named == ["toml_files.py"]


def test_a_visit_type_is_an_entry_and_a_plan(copy: Path) -> None:
    clinic = copy / "chalicelib" / "clinic_data"
    added(
        clinic / "clinic.toml",
        """
[[visit_types]]
code = "long_infusion"
name = "Long IV infusion"
neutral_name = "Visit"
names.es = { name = "Infusión larga", neutral_name = "Visita" }
duration = "3h"
route = "iv"
resources = ["room-1"]
""",
    )
    plan = (clinic / "careplans" / "iv_infusion.toml").read_text(encoding="utf-8")
    plan = plan.replace('no_food_after = "8h"', 'no_food_after = "6h"')
    (clinic / "careplans" / "long_infusion.toml").write_text(plan, encoding="utf-8")
    said = texts(copy, visit_type="long_infusion")
    assert any("food after Tue 3:00 AM" in text for text in said)


ROUTES = """
[routes.intramuscular]
is_sedating = true
needs_driver = true
watched_for = "90m"

[routes.at_home]
is_sedating = true
needs_driver = false
watched_for = "0m"

[[visit_types]]
code = "injection"
name = "Intramuscular treatment"
neutral_name = "Visit"
names.es = { name = "Tratamiento intramuscular", neutral_name = "Visita" }
duration = "30m"
route = "intramuscular"
resources = ["room-1"]

[[visit_types]]
code = "home_session"
name = "Session at home"
neutral_name = "Visit by phone or video"
names.es = { name = "Sesión en casa", neutral_name = "Visita por teléfono o video" }
duration = "45m"
route = "at_home"
resources = ["line-1"]
"""
ONLY_BY_ROUTE = """
[[steps]]
id = "sleeves"
kind = "reminder"
anchor = "start"
offset = { days = -4, at = "11:00" }
useful_for = "8h"
when = ["intramuscular", "single"]
priority = 3
wording.en.neutral = "{clinic}: wear short sleeves on {day}. Reply STOP to opt out."
wording.es.neutral = "{clinic}: venga en manga corta el {day}. Responda STOP para salir."
"""


def with_routes(copy: Path) -> None:
    clinic = copy / "chalicelib" / "clinic_data"
    added(clinic / "clinic.toml", ROUTES)
    plan = (clinic / "careplans" / "intranasal.toml").read_text(encoding="utf-8")
    for code, route in (("injection", "intramuscular"), ("home_session", "at_home")):
        file = clinic / "careplans" / f"{code}.toml"
        of_route = plan.replace('route = "intranasal"', f'route = "{route}"') + ONLY_BY_ROUTE
        file.write_text(of_route, encoding="utf-8")


def test_a_route_is_an_entry_and_says_what_it_implies(copy: Path) -> None:
    with_routes(copy)
    said = "\n".join(texts(copy, visit_type="injection"))
    for needed in ("short sleeves", "Reply D when someone will drive you home", "dissociation"):
        assert needed in said
    length = (
        "from chalicelib.clinic.profile import load_profile; print(load_profile().length({!r}))"
    )
    assert told(copy, "-c", length.format("injection")).strip() == "2:00:00"


def test_a_session_at_home_is_sedating_and_asks_for_no_ride(copy: Path) -> None:
    with_routes(copy)
    said = "\n".join(texts(copy, visit_type="home_session", resource="line-1"))
    assert "dissociation" in said
    assert "Reply D when" not in said
    assert "short sleeves" not in said


def test_a_plan_that_is_left_keeps_its_route(copy: Path) -> None:
    clinic = copy / "chalicelib" / "clinic_data"
    plan = (clinic / "careplans" / "iv_infusion.toml").read_text(encoding="utf-8")
    left = clinic / "careplans" / "long_ago.toml"
    left.write_text(plan.replace('route = "iv"', 'route = "drip"'), encoding="utf-8")
    done = ran(copy, "-m", LINTS[0])
    assert done.returncode == 1
    assert "careplans/long_ago.toml, route: clinic.toml declares no 'drip'" in done.stdout


@pytest.mark.parametrize("folder", ["chalicelib", "lint", "local"])
def test_no_code_names_a_route(folder: str) -> None:
    names = load_profile().routes.keys() - {"none"}  # which consents and settings say as well
    found = [
        f"{folder}/{file}:{node.lineno}"
        for file, module in modules_in(ROOT / folder).items()
        for node in ast.walk(module)
        if (isinstance(node, ast.Constant) and node.value in names)
        or (isinstance(node, ast.Compare) and _asks_for_a_route(node))
    ]
    assert not found, "ask for what a route implies: is_sedating, needs_driver, watched_for"


def _asks_for_a_route(compared: ast.Compare) -> bool:
    """Whether a `.route` is compared with words."""
    parts = [compared.left, *compared.comparators]
    return any(isinstance(part, ast.Attribute) and part.attr == "route" for part in parts) and any(
        isinstance(word, ast.Constant) for part in parts for word in ast.walk(part)
    )


def test_a_visit_type_that_is_taken_out_leaves_its_plan_for_what_is_booked(copy: Path) -> None:
    file = copy / "chalicelib" / "clinic_data" / "clinic.toml"
    before, entry, after = file.read_text(encoding="utf-8").partition(
        '[[visit_types]]\ncode = "iv_infusion"'
    )
    assert entry
    rest = after.partition("[[visit_types]]")
    file.write_text(before + rest[1] + rest[2], encoding="utf-8")
    said = told(copy, "-m", LINTS[0])
    assert "careplans/iv_infusion.toml: left for what is booked" in said
    plans = "from chalicelib.clinic.careplan.plan import load_careplans; print(*load_careplans())"
    assert "iv_infusion" in told(copy, "-c", plans).split()
    assert "IV infusion," not in said


def test_a_step_is_an_entry(copy: Path) -> None:
    added(
        copy / "chalicelib" / "clinic_data" / "careplans" / "iv_infusion.toml",
        """
[[steps]]
id = "bring"
kind = "reminder"
anchor = "start"
offset = { days = -4, at = "11:00" }
useful_for = "8h"
when = ["single"]
priority = 3
wording.en.neutral = "{clinic}: bring your questions on {day}. Reply STOP to opt out."
wording.es.neutral = "{clinic}: traiga sus preguntas el {day}. Responda STOP para salir."
""",
    )
    assert any("bring your questions on Tue Dec 8" in text for text in texts(copy))


def test_a_language_is_its_files(copy: Path) -> None:
    """Here a made-up one, which says everything as English does, but for one word."""
    package = copy / "chalicelib"
    clinic = package / "clinic_data"
    shutil.copytree(package / "locales" / "en", package / "locales" / "xx")
    shutil.copy(clinic / "wordings" / "en.toml", clinic / "wordings" / "xx.toml")
    for file in (clinic / "wordings" / "xx.toml", *(package / "locales" / "xx").iterdir()):
        other = file.read_text(encoding="utf-8")
        other = other.replace('language = "en"', 'language = "xx"')
        other = other.replace('code = "en"', 'code = "xx"')
        other = other.replace("Request an appointment", "XX Request an appointment")
        file.write_text(other, encoding="utf-8")
    for file in (clinic / "clinic.toml", *(clinic / "careplans").glob("*.toml")):
        file.write_text(with_language(file.read_text(encoding="utf-8")), encoding="utf-8")
    said = texts(copy, language="xx")
    assert any(text.startswith("Cottonwood Clinic: thy visit is booked") for text in said)
    assert "XX Request an appointment" in told(copy, "-c", READS.format(language="xx"))


def with_language(toml: str) -> str:
    """Each English line once more for the other language; each `your` becomes `thy`."""
    lines = []
    for line in toml.splitlines():
        lines.append(line)
        if re.match(r"[\w.]*\ben\b[\w.]* = ", line):
            other = re.sub(r"\ben\b", "xx", line.partition(" = ")[0])
            lines.append(f"{other} = {line.partition(' = ')[2].replace('your', 'thy')}")
    leaflet = re.search(r"^\[leaflet\.en\]\n(.*?)(?=^\[|\Z)", toml, re.MULTILINE | re.DOTALL)
    if leaflet is not None:
        lines += ["", "[leaflet.xx]", leaflet[1]]
    return "\n".join(lines) + "\n"
