"""The Messages API over HTTP, as Twilio's own client uses it."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from chalicelib.domain.messaging.segments import count
from local.twilio.rules import ApiError
from local.twilio.service import LocalTwilio

Fields = Mapping[str, str]
Api = Callable[[str, str, Fields, Fields, Fields], tuple[int, Any]]

_PATH = re.compile(r"^/2010-04-01/Accounts/(\w+)/Messages(?:/(\w+))?\.json$")
_PAGE, _MOST_PAGE = 50, 1000  # texts of one page, as at Twilio


def api_of(twilio: LocalTwilio) -> Api:
    """Answers (method, path, query, form, headers) with (status, JSON); BrokenOff breaks off."""

    def handle(
        method: str, path: str, query: Fields, form: Fields, headers: Fields
    ) -> tuple[int, Any]:
        try:
            return _routed(twilio, method, path, query, form, headers)
        except ApiError as error:
            return error.status, {
                "code": error.code,
                "message": str(error),
                "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
                "status": error.status,
            }

    return handle


def _routed(
    twilio: LocalTwilio, method: str, path: str, query: Fields, form: Fields, headers: Fields
) -> tuple[int, Any]:
    # First, as at Twilio: a client that is not known does not learn what exists.
    expected = base64.b64encode(f"{twilio.account_sid}:{twilio.auth_token}".encode()).decode()
    if headers.get("authorization") != f"Basic {expected}":
        raise ApiError(401, 20003, "Authenticate")
    match_ = _PATH.match(path)
    if match_ is None or match_[1] != twilio.account_sid:
        raise ApiError(404, 20404, "The requested resource was not found")
    sid = match_[2]
    match method, sid is not None:
        case "POST", False:
            return 201, _resource(twilio, twilio.create(form))
        case "GET", False:
            return 200, _page(twilio, path, query)
        case "GET", True:
            return 200, _resource(twilio, twilio.fetch(sid))
        case "POST", True:
            return 200, _resource(twilio, _changed(twilio, sid, form))
        case "DELETE", True:
            twilio.delete(sid)
            return 204, None
        case _:
            raise ApiError(405, 20004, "Method not allowed")


def _changed(twilio: LocalTwilio, sid: str, form: Fields) -> Mapping[str, Any]:
    if form.get("Status") == "canceled":
        return twilio.cancel(sid)
    if form.get("Body") == "":
        return twilio.redact(sid)
    raise ApiError(400, 20001, "A text can be canceled, or its body emptied")


def _page(twilio: LocalTwilio, path: str, query: Fields) -> dict[str, Any]:
    names = {"To": "to", "From": "from"}
    wanted = {names[name]: value for name, value in query.items() if name in names}
    dates = {name: _instant(value) for name, value in query.items() if name.startswith("DateSent")}
    found = [text for text in twilio.sent(**wanted) if _sent_then(text, dates)]
    size = min(max(_number(query, "PageSize", _PAGE), 1), _MOST_PAGE)
    page = _number(query, "Page", 0)
    part = found[page * size : (page + 1) * size]
    more = len(found) > (page + 1) * size
    asked = {name: value for name, value in query.items() if name not in ("Page", "PageSize")}
    address = f"{path}?{urlencode({**asked, 'PageSize': size})}&Page="
    return {
        "messages": [_resource(twilio, text) for text in part],
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + len(part) - 1,
        "uri": f"{address}{page}",
        "first_page_uri": f"{address}0",
        "next_page_uri": f"{address}{page + 1}" if more else None,
        "previous_page_uri": f"{address}{page - 1}" if page else None,
    }


def _number(query: Fields, name: str, usual: int) -> int:
    given = query.get(name, str(usual))
    if not re.fullmatch("[0-9]{1,9}", given):
        raise ApiError(400, 20001, f"{name} is not a number")
    return int(given)


def _sent_then(text: Mapping[str, Any], asked: Mapping[str, datetime]) -> bool:
    """Whether the text is of the day that `DateSent`, `DateSent<` or `DateSent>` asks for."""
    at = datetime.fromisoformat(text["at"])
    exact, before, after = (asked.get(name) for name in ("DateSent", "DateSent<", "DateSent>"))
    return (
        (exact is None or at.date() == exact.date())
        and (before is None or at <= before)
        and (after is None or at >= after)
    )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, 20001, "A date is wrong") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _resource(twilio: LocalTwilio, text: Mapping[str, Any]) -> dict[str, Any]:
    at = format_datetime(datetime.fromisoformat(text["at"]).astimezone(UTC))
    service = text["from"] if text["from"].startswith("MG") else None
    return {
        "account_sid": twilio.account_sid,
        "api_version": "2010-04-01",
        "body": text["body"],
        "date_created": at,
        "date_sent": at,
        "date_updated": at,
        "direction": "inbound" if text["direction"] == "inbound" else "outbound-api",
        "error_code": text["error_code"],
        "error_message": None,
        "from": None if service else text["from"],
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": str(count(text["body"]).count),
        "price": None,
        "price_unit": "USD",
        "sid": text["sid"],
        "status": text["status"],
        "subresource_uris": {},
        "to": text["to"],
        "uri": f"/2010-04-01/Accounts/{twilio.account_sid}/Messages/{text['sid']}.json",
    }
