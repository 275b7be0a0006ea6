"""The links of mails and texts: signed for staff, derived and stored hashed for patients."""

import hashlib
import string
from datetime import datetime, timedelta

from itsdangerous import BadData, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.domain.errors import LinkExpired, NotFound
from chalicelib.ports import StaffLink

STAFF_LINK_LIFE = timedelta(days=30)
DAY = "day"  # the subject of a link to the day sheet

PATIENT_TOKEN = 22  # characters: 130 bits (R28)
_DIGITS = string.digits + string.ascii_letters

# The parts of a request's URL that Twilio retries on failure; the fragment is never sent (R39).
RETRY = "#rc=5&rp=all"


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    s: str  #: the subject's id
    w: str  #: the person to whom it was mailed
    e: int  #: expires at, epoch seconds, by our own clock


class SignedLinks:
    """Implements ports.Links."""

    def __init__(self, *, base_url: str, keys: tuple[str, ...]) -> None:
        self._base = base_url.rstrip("/")
        self._keys = keys
        # itsdangerous signs with the last key of its list and reads with all of them.
        self._staff = URLSafeSerializer(
            list(reversed(keys)),
            salt="bookend.staff-link",
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    def staff_token(self, *, subject_id: str, staff_id: str, now: datetime) -> str:
        expires_at = int((now + STAFF_LINK_LIFE).timestamp())
        return str(self._staff.dumps({"s": subject_id, "w": staff_id, "e": expires_at}))

    def staff_url(self, token: str) -> str:
        return f"{self._base}/s/{token}"

    def read_staff(self, token: str, *, now: datetime) -> StaffLink:
        payload = self._read(token)
        if now.timestamp() >= payload.e:
            raise LinkExpired
        return StaffLink(payload.s, payload.w)

    def read_expired(self, token: str) -> StaffLink:
        payload = self._read(token)
        return StaffLink(payload.s, payload.w)

    def patient_token(self, subject_id: str) -> str:
        signer = Signer(self._keys[0], salt="bookend.patient-link", digest_method=hashlib.sha256)
        # Letters and digits only: programs that detect links leave out a "-" or "_" at the end.
        number = int.from_bytes(base64_decode(signer.get_signature(subject_id)))
        return "".join(_DIGITS[number // 62**place % 62] for place in range(PATIENT_TOKEN))

    def patient_url(self, token: str) -> str:
        return f"{self._base}/v/{token}"

    def hashed(self, token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def day_url(self, *, staff_id: str, now: datetime) -> str:
        token = self.staff_token(subject_id=DAY, staff_id=staff_id, now=now)
        return f"{self._base}/d/{token}"

    def status_callback(self, message_id: str) -> str:
        return f"{self._base}/twilio/status/{message_id}{RETRY}"

    def _read(self, token: str) -> _Payload:
        if not _is_canonical(token):
            raise NotFound
        try:
            return _Payload.model_validate(self._staff.loads(token))
        except (BadData, ValidationError, ValueError):
            raise NotFound from None


def _is_canonical(token: str) -> bool:
    """Base 64 has spare bits at its end, so that one signature could have several spellings."""
    try:
        return all(base64_encode(base64_decode(part)).decode() == part for part in token.split("."))
    except BadData:
        return False
