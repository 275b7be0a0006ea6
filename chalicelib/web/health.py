"""Whether the service is up, and with `?deep=1` whether it does its work."""

from datetime import timedelta

from chalice.app import Blueprint, Response

from chalicelib import VERSION, wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.system import Heartbeat
from chalicelib.web.http import responses
from chalicelib.web.http.errors import answering
from chalicelib.web.http.parsing import query_of

routes = Blueprint(__name__)

SILENT = timedelta(minutes=5)  # the dispatcher runs each minute
LATE = timedelta(minutes=10)  # no due message waits longer


@routes.route("/health", methods=["GET"])
@answering("json")
def health() -> Response:
    query = query_of(routes.current_request)
    wrong = _wrong() if "deep" in query else []
    body: dict[str, object] = {"status": "failing" if wrong else "ok", "version": VERSION}
    if wrong:
        body["wrong"] = wrong
    return responses.data(body, status=503 if wrong else 200)


def _wrong() -> list[str]:
    try:
        services = wiring.services()
    except Unavailable:
        return ["the service does not start: its log says why, as service.refused"]
    now = services.clock.now()
    beat = services.store.get(Heartbeat.ref())
    wrong = []
    if beat is None or now - beat.at > SILENT:
        wrong.append("the dispatcher has not run for five minutes")
    oldest = [
        due.due_at
        for shard in range(services.settings.due_shards)
        for due in services.store.due(shard=shard, until=now, limit=1)
    ]
    if oldest and now - min(oldest) > LATE:
        wrong.append("a message is over ten minutes late")
    return wrong
