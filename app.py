"""The Chalice app: blueprints, middleware, and the event functions. No rule, no import of AWS."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Chalice, CloudWatchEvent, Rate, SNSEvent, SQSEvent

from chalicelib import wiring
from chalicelib.web import health
from chalicelib.web.http.middleware import KeepTextsOut, with_our_headers, without_texts
from chalicelib.web.http.static_files import files
from chalicelib.web.patient import visit_routes
from chalicelib.web.public import request_routes
from chalicelib.web.staff import day_routes, decision_routes
from chalicelib.web.webhooks import twilio

# Events are logged as JSON with their ids. Chalice's own logger has the same name and, without
# this, would write the event's name only.
Logger(service="bookend")
app = Chalice(app_name="bookend", configure_logs=False)
app.debug = False
app.log.addFilter(KeepTextsOut())
for blueprint in (
    request_routes.routes,
    decision_routes.routes,
    day_routes.routes,
    visit_routes.routes,
    twilio.routes,
    health.routes,
    files,
):
    app.register_blueprint(blueprint)
app.register_middleware(with_our_headers, event_type="http")
app.register_middleware(without_texts, event_type="scheduled")
app.register_middleware(without_texts, event_type="sqs")
app.register_middleware(without_texts, event_type="sns")


@app.schedule(Rate(1, unit=Rate.MINUTES))
def tick(event: CloudWatchEvent) -> dict[str, int]:
    """Each minute: queue due messages, process texts that the webhook missed, erase old words."""
    from chalicelib.outbox import dispatch as ticking
    from chalicelib.usecases.inbound.poll import poll_missed_texts
    from chalicelib.usecases.privacy.retention import erase_expired

    services = wiring.services()
    queued = ticking.run(services.delivery_context)
    missed = poll_missed_texts(
        services.context, services.text_inbox, quiet_words=services.settings.quiet_words
    )
    erased = erase_expired(services.context, services.text_inbox)
    return {"queued": queued, "missed": missed, "erased": erased}


# The queue's real name comes from .chalice/resources.json when the bundle is made.
@app.on_sqs_message(queue="Outbox", batch_size=10)
def deliver(event: SQSEvent) -> dict[str, Any]:
    """For each record, which is one id: do what is to be done about this message now."""
    from chalicelib.outbox import deliver

    context = wiring.services().delivery_context
    for record in event:
        deliver.deliver(context, record.body)
    return {}


# Like the queue's, the topic's real name comes from .chalice/resources.json.
@app.on_sns_message(topic="MailEvents")
def mail_event(event: SNSEvent) -> dict[str, Any]:
    """A mail bounced, or its reader complained."""
    from chalicelib.adapters import ses_events
    from chalicelib.outbox.outcomes import email_events

    told = ses_events.read(event.message)
    if told is not None:
        email_events.take(wiring.services().delivery_context, told)
    return {}
