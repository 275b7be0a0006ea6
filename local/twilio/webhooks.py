"""The signed calls that Twilio makes to the service: a patient's text, and a text's status."""

from collections.abc import Mapping
from typing import Any

import requests
from twilio.request_validator import RequestValidator

PATIENCE = 15  # seconds that Twilio gives a webhook to answer


class Hooks:
    """Every call returns the webhook's status, or raises requests.RequestException."""

    def __init__(self, *, account_sid: str, auth_token: str, inbound_url: str) -> None:
        self._account_sid = account_sid
        self._validator = RequestValidator(auth_token)
        self._inbound_url = inbound_url

    def tell_inbound(self, text: Mapping[str, Any], *, opt_out_type: str | None) -> int:
        more = {"OptOutType": opt_out_type} if opt_out_type else {}
        fields = {"Body": text["body"], "NumMedia": "0", "SmsStatus": "received", **more}
        return self._post(self._inbound_url, text, fields)

    def tell_status(self, text: Mapping[str, Any], status: str, error: int | None) -> int:
        """0 if the text asked for no callbacks."""
        # The part after the # says how often Twilio tries; it is neither called nor signed.
        url, _, _ = text["callback"].partition("#")
        if not url:
            return 0
        more = {"ErrorCode": str(error)} if error is not None else {}
        return self._post(url, text, {"MessageStatus": status, "SmsStatus": status, **more})

    def _post(self, url: str, text: Mapping[str, Any], more: Mapping[str, str]) -> int:
        fields = {
            "MessageSid": text["sid"],
            "SmsSid": text["sid"],
            "AccountSid": self._account_sid,
            "From": text["from"],
            "To": text["to"],
            "ApiVersion": "2010-04-01",
            **more,
        }
        signature = self._validator.compute_signature(url, fields)
        headers = {"X-Twilio-Signature": signature}
        return requests.post(url, data=fields, headers=headers, timeout=PATIENCE).status_code
