"""Mails that SES accepted, as a mailbox would show them; raw MIME and simple mails."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any


def read_mail(sent: dict[str, Any]) -> dict[str, Any]:
    """`to`, `subject`, `text`, `html` and `attachments` of an SES v2 SendEmail request."""
    content = sent["Content"]
    destination = sent.get("Destination", {})
    named = [
        address
        for field in ("ToAddresses", "CcAddresses", "BccAddresses")
        for address in destination.get(field, [])
    ]
    if "Raw" in content:
        return _read_mime(base64.b64decode(content["Raw"]["Data"]), named)
    simple = content["Simple"]
    return {
        "to": _addresses(named),
        "subject": simple["Subject"]["Data"],
        "text": simple["Body"].get("Text", {}).get("Data", ""),
        "html": simple["Body"].get("Html", {}).get("Data", ""),
        "attachments": [_read_simple_attachment(part) for part in simple.get("Attachments", [])],
    }


def _read_mime(data: bytes, named: list[str]) -> dict[str, Any]:
    mail = message_from_bytes(data, policy=policy.default)
    if not isinstance(mail, EmailMessage):
        raise TypeError("the default policy makes EmailMessage")
    in_headers = [str(mail[field]) for field in ("To", "Cc", "Bcc") if mail[field]]
    return {
        "to": _addresses(named or in_headers),
        # A long one begins on the next line, and unfolds with that line's space before it.
        "subject": str(mail["Subject"] or "").strip(),
        "text": _body(mail, "plain"),
        "html": _body(mail, "html"),
        "attachments": [
            {
                "name": part.get_filename() or "",
                "content_type": part.get_content_type(),
                "text": _attached(part),
            }
            for part in mail.iter_attachments()
        ],
    }


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _attached(part: Any) -> str:
    content = part.get_payload(decode=True) or b""
    # A calendar without a charset is UTF-8 (RFC 5545); Python would assume ASCII.
    return str(content.decode(part.get_content_charset() or "utf-8", "replace"))


def _read_simple_attachment(part: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": part["FileName"],
        "content_type": part.get("ContentType", "application/octet-stream"),
        "text": base64.b64decode(part["RawContent"]).decode("utf-8", "replace"),
    }


def _addresses(written: list[str]) -> list[str]:
    bare = [address for _, address in getaddresses(written) if address]
    return list(dict.fromkeys(bare))
