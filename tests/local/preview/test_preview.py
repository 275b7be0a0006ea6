"""The preview: every wording in every language and level, cut where the network cuts it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.profile import load_profile
from chalicelib.domain.messaging.segments import count
from chalicelib.languages import languages
from chalicelib.messages import catalogue
from chalicelib.messages.emails import email_kinds
from chalicelib.outbox.compose_email import LETTERS
from lint.journeys import costs
from local.preview.__main__ import Preview, page, preview
from local.preview.examples import examples, first_visit_on
from local.preview.stage import LONGEST_NAME
from local.preview.texts import LEVELS, Sized, Written
from tests.builders.plans import WICHITA, wichita

TODAY = date(2026, 11, 23)
CLINIC, PLANS = load_profile(), load_careplans()


@pytest.fixture(scope="module")
def found() -> Preview:
    return preview(CLINIC, PLANS, TODAY)


@pytest.fixture(scope="module")
def html(found: Preview) -> str:
    return page(found, CLINIC.model_copy(update={"text_price_usd": 0.01}))


class Seen(HTMLParser):
    """The texts of a page's bubbles, each as its pieces; what the page would fetch; its ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[list[str]] = []
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.frames: list[str] = []
        self.open: list[str] = []
        self._in_piece = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.fetched += [values[name] for name in ("src", "data") if name in values]
        if tag == "link":
            self.fetched.append(values.get("href", ""))
        if tag == "iframe":
            assert "sandbox" in values
            self.frames.append(values["srcdoc"])
        if values.get("class") == "text":
            self.texts.append([])
        if values.get("class") == "piece":
            self._in_piece = True
            self.texts[-1].append("")
        if tag not in ("meta", "link", "br", "input", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if self._in_piece:
            self.texts[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._in_piece = self._in_piece and tag != "span"


def of_texts(texts: tuple[Written, ...]) -> set[tuple[str, str, str]]:
    return {(text.place, text.language, text.level) for text in texts}


def test_every_wording_of_every_plan_language_and_level_is_there(found: Preview) -> None:
    for plan, shown in zip(PLANS.values(), found.plans, strict=True):
        expected = {
            (step.id, language, level)
            for step in plan.steps
            for language in languages()
            for level in LEVELS
            if getattr(step.wording.get(language, step.wording["en"]), level) is not None
        }
        assert of_texts(shown.texts) == expected
    assert of_texts(found.texts) == {
        (key, language, "") for key in catalogue.every_key() for language in languages()
    }


def test_a_text_is_shown_with_and_without_its_question_and_with_late_instructions(
    found: Preview,
) -> None:
    (iv,) = [plan for plan in found.plans if plan.code == "iv_infusion"]
    forms = {
        text.variant: text.usual.text
        for text in iv.texts
        if (text.place, text.language, text.level) == ("confirmation", "en", "neutral")
    }
    assert "Reply C" in forms[""]
    assert "Reply C" not in forms["when nothing is asked"]
    assert "no solid food" in forms["booked too late for the preparation"].lower()


def test_what_no_language_has_is_marked_and_said_in_english(found: Preview) -> None:
    for _, text in found.every_text:
        if text.language == "en":
            assert not text.missing
    for plan, shown in zip(PLANS.values(), found.plans, strict=True):
        for text in shown.texts:
            assert text.missing is (text.language not in plan.step(text.place).wording)


def every_size(found: Preview) -> Iterator[Sized]:
    for _, text in found.every_text:
        yield from (text.usual, text.longest, text.widest)
    for plan in found.plans:
        for journey in (*plan.journeys, *plan.translations):
            yield from (line.body for line in journey.lines)


def test_the_segments_are_the_text_and_are_counted_as_the_network_does(found: Preview) -> None:
    for size in every_size(found):
        assert "".join(size.pieces) == size.text
        measured = count(size.text)
        assert (size.encoding, size.units, size.segments) == (
            measured.encoding,
            measured.units,
            measured.count,
        )
        assert len(size.pieces) == size.segments
        assert size.encoding == "GSM-7"
        assert "{" not in size.text


def test_the_longest_values_are_no_shorter_than_the_usual_ones(found: Preview) -> None:
    for _, text in found.every_text:
        assert text.usual.units <= text.longest.units <= text.widest.units


def test_the_page_shows_each_text_whole_and_cut_where_it_is_cut(found: Preview, html: str) -> None:
    shown = {tuple(pieces) for pieces in Seen(html).texts}
    expected = {
        size.pieces for _, text in found.every_text for size in (text.usual, text.longest)
    } | {
        line.body.pieces
        for plan in found.plans
        for journey in (*plan.journeys, *plan.translations)
        for line in journey.lines
        if not line.why_not
    }
    assert shown == expected
    assert any(len(pieces) > 1 for pieces in shown)


def test_the_page_is_whole_and_fetches_nothing(html: str) -> None:
    seen = Seen(html)
    assert seen.open == []
    assert seen.fetched == ["data:,"]
    assert len(set(seen.ids)) == len(seen.ids)
    assert "<script" not in html
    assert not re.search(r"url\(|@import", html)
    for frame in seen.frames:
        inner = Seen(frame.replace("<!doctype html>", ""))
        assert set(inner.fetched) <= {"data:,"}
        assert "<script" not in frame


def test_a_clinic_whose_name_is_markup_is_shown_and_never_run() -> None:
    nasty = CLINIC.model_copy(update={"name": "<b>&{{7*7}}", "sender": "<i>{{7*7}}</i>"})
    shown = page(preview(nasty, PLANS, TODAY), nasty)
    assert "&lt;b&gt;&amp;{{7*7}}" in shown
    assert "&lt;i&gt;{{7*7}}&lt;/i&gt;: your visit" in shown
    assert "<i>" not in shown
    assert "<b>&" not in shown


def test_every_plan_has_a_visit_both_changes_of_the_clock_and_its_course(found: Preview) -> None:
    for plan in found.plans:
        ids = [journey.id.removeprefix(f"{plan.code}-") for journey in plan.journeys]
        course = ["course"] if PLANS[plan.code].is_sedating else []
        assert ids == ["visit", "late", "forwards", "back", *course]
        told = {(journey.id, journey.language) for journey in plan.translations}
        others = languages()[1:]
        assert told == {(journey.id, code) for journey in plan.journeys for code in others}
        by_id = dict(zip(ids, plan.journeys, strict=True))
        for name, attribute in (("forwards", "missing"), ("back", "doubled")):
            rows = by_id[name].picture.rows
            assert [row.label for row in rows if getattr(row, attribute)] == [
                {"forwards": "Sun Mar 14", "back": "Sun Nov 7"}[name]
            ]
            assert by_id[name].lines[0].leaves_at < by_id[name].lines[-1].leaves_at
    (iv,) = [plan for plan in found.plans if plan.code == "iv_infusion"]
    sessions = iv.journeys[-1].picture.rows
    assert sum(bool(row.visits) for row in sessions) == 6


def test_a_journey_leaves_in_order_and_its_marks_have_the_numbers_of_its_lines(
    found: Preview,
) -> None:
    for plan in found.plans:
        for journey in (*plan.journeys, *plan.translations):
            leaves = [line.leaves_at for line in journey.lines]
            assert leaves == sorted(leaves)
            dots = [dot.number for row in journey.picture.rows for dot in row.dots]
            assert sorted(dots) == [line.number for line in journey.lines]
            for row in journey.picture.rows:
                for dot in row.dots:
                    (line,) = [line for line in journey.lines if line.number == dot.number]
                    quiet = any(low <= dot.x < high for low, high in row.quiet)
                    assert not (quiet and not line.why_not), f"{journey.id}: {line.what}"


def test_a_text_that_comes_due_at_night_waits_for_the_morning(found: Preview) -> None:
    visit = found.plans[0].journeys[0]
    (early,) = [line for line in visit.lines if line.waits]
    assert early.due_at.astimezone(WICHITA).hour == 7
    assert early.leaves_at.astimezone(WICHITA).hour == 8


def test_totals_count_what_leaves(found: Preview, html: str) -> None:
    (iv,) = [plan for plan in found.plans if plan.code == "iv_infusion"]
    one = iv.journeys[0]
    (total,) = [
        total
        for total in iv.totals
        if (total.language, total.level, total.title) == ("en", "detailed", one.title)
    ]
    assert total.texts == len(one.lines)
    assert total.segments == sum(line.body.segments for line in one.lines)
    late = iv.journeys[1]
    assert late.texts < len(late.lines)
    assert f"<td>${total.segments * 0.01:.4f}</td>" in html


def test_a_visit_comes_to_what_the_lint_says_and_the_first_text(found: Preview) -> None:
    told = {line[:32].strip(): line[32:].split() for line in costs(CLINIC, PLANS.values())[2:]}
    for plan in found.plans:
        for total in plan.totals:
            if total.title == "One visit":
                segments, *_ = told[f"{plan.code}, {total.language}, {total.level}"]
                assert total.segments == int(segments) + 1


def test_every_leaflet_is_there_in_every_language(found: Preview) -> None:
    for plan, shown in zip(PLANS.values(), found.plans, strict=True):
        for advice in shown.leaflets:
            assert advice.missing is (advice.language not in plan.leaflet)
            assert len(advice.lines) == len(plan.leaflet_lines(advice.part, advice.language))
            assert not any("{" in line for line in advice.lines)
        parts = [(advice.part, advice.language) for advice in shown.leaflets]
        codes = languages()
        assert parts == [(part, code) for part in ("before", "after") for code in codes]
    assert any(advice.lines for plan in found.plans for advice in plan.leaflets)


def test_what_the_catalogue_says_by_mail_is_there(found: Preview) -> None:
    by_mail = [
        key
        for key, entry in catalogue.load_catalogue("en").texts.items()
        if key in LETTERS or entry.mail
    ]
    assert len(found.mails) == len(by_mail) * len(languages())
    (answer,) = [mail for mail in found.mails if mail.title == "Declined" and mail.language == "en"]
    assert "thank you for your request" in answer.text.lower()


def test_every_mail_and_the_pages_of_every_level_are_there(found: Preview) -> None:
    codes = set(languages())
    for plan, shown in zip(PLANS.values(), found.plans, strict=True):
        mailed = [step for step in plan.steps if step.kind in LETTERS]
        assert len(shown.mails) == len(mailed) * len(codes)
        levels = set(LEVELS) if plan.is_sedating else {"neutral"}
        assert {(p.language, p.level) for p in shown.pages} == {
            (language, level) for language in codes for level in levels
        }
    staff = [kind for kind in email_kinds() if not kind.startswith("patient_")]
    assert len(found.staff_mails) == len(staff) + 2  # that of many requests has three moments
    assert len(LONGEST_NAME) == 100
    assert all(LONGEST_NAME in mail.text for mail in found.staff_mails)


def test_a_course_begins_where_all_its_days_are_open_and_the_clock_stands() -> None:
    assert first_visit_on(CLINIC, TODAY) >= TODAY + timedelta(days=10)
    for example in examples(CLINIC, PLANS["iv_infusion"], TODAY):
        if example.id == "course":
            for on in example.visit_dates:
                assert CLINIC.is_open(wichita(f"{on} 09:00"))
    before_the_change = first_visit_on(CLINIC, date(2027, 2, 25))
    assert before_the_change > date(2027, 3, 14)
