"""Staff's and patients' pages in a real browser: links work, and everything can be read.

Each is looked at on the narrowest phone (320 px, as WCAG's reflow has it), in light and dark.
"""

from collections.abc import Callable

import pytest

from tests.browser.visiting import Asked, Site, Visitor

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]

NARROW = {"width": 320, "height": 640}
LOOKS = pytest.mark.parametrize("look", ["light", "dark"])


def book(visitor: Visitor, site: Site, *, texts: bool = False) -> Asked:
    """The nurse follows her link and books the visit that was asked for."""
    asked = site.ask(texts=texts)
    visitor.open(site.staff_link())
    assert asked.name in visitor.heading()
    form = visitor.page.locator("form[data-decision=confirm]")
    form.locator("[name=starts_at]").fill(site.free_day())
    form.locator("[name=visit_type]").select_option("iv_infusion")
    form.locator("[name=resource]").select_option("room-1")
    form.locator("[name=sure]").check()
    visitor.press(form.get_by_role("button"))
    return asked


def test_the_nurse_books_by_her_link_and_the_patient_is_told(visit: Visit, site: Site) -> None:
    nurse = visit()
    asked = book(nurse, site, texts=True)
    assert nurse.page.locator("form[data-decision=cancel]").count() == 1
    number = "+1" + asked.phone.replace("-", "")
    assert any("is booked for" in text for text in site.texts_to(number))


def test_nothing_that_a_page_holds_books_without_a_person(visit: Visit, site: Site) -> None:
    """F38, R51: every form as it stands, by a real browser that runs scripts: nothing changes."""
    nurse = visit()
    asked = site.ask()
    link = site.staff_link()
    nurse.open(link)
    forms = nurse.page.locator("form").count()
    assert forms > 3
    for place in range(forms):
        nurse.open(link)
        with nurse.page.expect_navigation():
            nurse.page.locator("form").nth(place).evaluate("form => form.submit()")
    nurse.open(link)
    assert asked.name in nurse.heading()
    assert nurse.page.locator("form[data-decision=confirm]").count() == 1


def test_the_patient_says_yes_by_the_link_of_the_mail(visit: Visit, site: Site) -> None:
    asked = book(visit(), site)
    patient = visit(java_script_enabled=False)
    patient.open(site.patient_link(asked))
    form = patient.page.locator("form").filter(has=patient.page.locator("[name=sure]")).first
    form.locator("[name=sure]").check()
    patient.press(form.get_by_role("button"))
    assert patient.page.locator("[role=status]").is_visible()
    patient.open(site.patient_link(asked))
    assert patient.page.get_by_text("You said").count() > 0


@LOOKS
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_form_and_its_answers_can_be_read_on_the_narrowest_phone(
    visit: Visit, look: str, language: str
) -> None:
    visitor = visit(viewport=NARROW, color_scheme=look)
    visitor.open(f"/request?lang={language}")
    visitor.require_legible()
    visitor.press(visitor.page.locator("form button"))
    assert visitor.page.locator("[role=alert]").is_visible()
    visitor.require_legible()
    visitor.fill_in()
    visitor.press(visitor.page.locator("form button"))
    assert "/thanks" in visitor.page.url
    visitor.require_legible()
    assert visitor.page.goto("/v/wrong").status == 404
    visitor.require_legible()
    visitor.complaints.clear()  # the browser notes the 404


@LOOKS
def test_staff_and_patient_pages_can_be_read_on_the_narrowest_phone(
    visit: Visit, site: Site, look: str
) -> None:
    nurse = visit(viewport=NARROW, color_scheme=look)
    site.ask()
    nurse.open(site.staff_link())
    nurse.unfold()
    nurse.require_legible()
    asked = book(nurse, site)
    nurse.unfold()
    nurse.require_legible()
    nurse.page.get_by_role("link", name="Day sheet").first.click()
    nurse.require_legible()
    patient = visit(viewport=NARROW, color_scheme=look)
    patient.open(site.patient_link(asked))
    patient.unfold()
    patient.require_legible()


def test_light_and_dark_are_two_looks(visit: Visit) -> None:
    """And a form in another page stays light, whatever the system prefers."""

    def paper(look: str, path: str) -> str:
        visitor = visit(color_scheme=look)
        visitor.open(path)
        return str(visitor.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert paper("light", "/request") != paper("dark", "/request")
    assert paper("light", "/request?embed=1") == paper("dark", "/request?embed=1")
