"""The staff's day sheet: requests waiting, tasks, today and tomorrow; and a caller's request."""

import re
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlencode

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.clinic.rooms import rooms_of
from chalicelib.domain.errors import AlreadyDecided, Invalid, LinkExpired, NotFound
from chalicelib.domain.messaging.task import Task
from chalicelib.messages.catalogue import task_title
from chalicelib.web.http import responses
from chalicelib.web.http.errors import answering
from chalicelib.web.http.parsing import FORM, form_of, query_of
from chalicelib.web.http.templates import url
from chalicelib.web.public.request_fields import DAYS, PARTS, form_values
from chalicelib.web.staff.day_rows import Pages, visits_of, waiting
from chalicelib.web.staff.decision_routes import Opened, expired, open_link
from chalicelib.web.staff.decisions.day_sheet import CONSENT_MEANS, CloseTask, WriteDownRequest
from chalicelib.web.staff.decisions.decision import Taking
from chalicelib.web.staff.decisions.offered import DAY_DECISIONS
from chalicelib.web.staff.pages import Typed, decided_before, link_to
from chalicelib.web.staff.words import STATUS_WORDS, SUSPICIOUS_WORDS
from chalicelib.web.timeline.lines import said_age

routes = Blueprint(__name__)

DAY = "day"  # the subject of a link to the day sheet
FIRST = Pages()
PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,5}\Z", re.ASCII)
SHOWN = (date(2000, 1, 1), date(2099, 12, 31))  # the days whose day sheet can be shown


@routes.route("/d/{token}", methods=["GET", "HEAD"])
@answering("page")
def show(token: str) -> Response:
    try:
        opened = _open(token)
    except LinkExpired:
        return expired(token)
    return _page(opened)


@routes.route("/d/{token}/{decision}", methods=["POST"], content_types=[FORM])
@answering("page")
def decide(token: str, decision: str) -> Response:
    try:
        opened = _open(token)
    except LinkExpired:
        return expired(token)
    taken = DAY_DECISIONS.get(decision)
    if taken is None:
        raise NotFound
    form = form_of(routes.current_request)
    try:
        taken.read(form).take(Taking(wiring.services().context, DAY, opened.actor))
    except AlreadyDecided as error:
        return _page(opened, status=409, typed=Typed(notice=decided_before(error)))
    except Invalid as error:
        typed = Typed(decision, form, dict(error.messages_by_field))
        return _page(opened, status=422, typed=typed)
    return responses.see_other(_sheet(opened, _asked_date(), _asked_pages()))


def _open(token: str) -> Opened:
    opened = open_link(token)
    if opened.subject_id != DAY:
        raise NotFound
    return opened


def _page(opened: Opened, *, status: int = 200, typed: Typed | None = None) -> Response:
    services = wiring.services()
    now = services.clock.now()
    today = now.astimezone(services.clinic.zone).date()
    asked, pages = _asked_date(), _asked_pages()
    on = asked or today
    open_now = waiting(pages, now)
    rooms = rooms_of(services.store, services.clinic)
    typed = typed or Typed()
    return responses.page(
        "staff/day.html",
        status=status,
        token=opened.token,
        actor=opened.actor,
        now=now,
        on=on,
        today=today,
        asked=_query(asked, pages),
        page_link=lambda name, page: _sheet(opened, asked, pages._replace(**{name: page})),
        nearby={
            "The day before": _sheet(opened, on - timedelta(days=1)),
            "Today": _sheet(opened, None),
            "The day after": _sheet(opened, on + timedelta(days=1)),
        },
        lists=open_now,
        tasks=[
            (t, task_title(t.what), said_age(now - t.opened_at), _task_link(opened, t))
            for t in open_now.tasks.rows
        ],
        patients=open_now.patients,
        names=open_now.names,
        suspicious_words=SUSPICIOUS_WORDS,
        sheets=[(day, visits_of(day, rooms)) for day in (on, on + timedelta(days=1))],
        link_to=partial(link_to, actor=opened.actor),
        status_words=STATUS_WORDS,
        typed=typed,
        close_task=CloseTask,
        write_down=WriteDownRequest,
        typed_new=form_values(typed.form if typed.decision == WriteDownRequest.NAME else {}),
        days=DAYS,
        parts=PARTS,
        consent_means=CONSENT_MEANS,
        consents={box: services.clinic.consent(box) for box in ("appointment", "detailed")},
    )


def _sheet(opened: Opened, on: date | None, pages: Pages = FIRST) -> str:
    """The address of the day sheet of a day; without a day, of today."""
    return url(f"d/{opened.token}{_query(on, pages)}")


def _query(on: date | None, pages: Pages) -> str:
    """The query of a link to the day sheet; a first page is left out."""
    asked = {"date": on.isoformat()} if on else {}
    asked |= {name: str(page) for name, page in pages._asdict().items() if page != 1}
    return "?" + urlencode(asked) if asked else ""


def _asked_pages() -> Pages:
    """Which page of each list is asked for; the first when the value is no page."""
    query = query_of(routes.current_request)
    asked = {name: query.get(name, "") for name in Pages._fields}
    return Pages(**{name: int(page) for name, page in asked.items() if PAGE_NUMBER.match(page)})


def _asked_date() -> date | None:
    asked = query_of(routes.current_request).get("date", "")
    try:
        on = date.fromisoformat(asked)
    except ValueError:
        return None
    return on if SHOWN[0] <= on <= SHOWN[1] else None


def _task_link(opened: Opened, task: Task) -> str:
    about = task.subject_id or ""
    return link_to(about, opened.actor) if about.startswith(("REQ-", "APT-")) else ""
