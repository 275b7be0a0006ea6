"""Settings of a stage that is deployed."""

from hashlib import sha256


def unguessable(name: str) -> str:
    """Computed, so that no key of a valid stage is in the repository."""
    return sha256(name.encode()).hexdigest()


def production(**changes: str) -> dict[str, str]:
    """An environment that production accepts. Nobody can own a name under arpa."""
    return {
        "STAGE": "prod",
        "TABLE_NAME": "bookend-table",
        "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/bookend-outbox",
        "BASE_URL": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod",
        "EMAIL_FROM": "clinic@cottonwood.arpa",
        "MAIL_CONFIGURATION_SET": "bookend-mail",
        "LINK_KEYS": f"{unguessable('newest')},{unguessable('older')}",
        "TWILIO_ACCOUNT_SID": "AC" + unguessable("account")[:32],
        "TWILIO_AUTH_TOKEN": unguessable("token")[:32],
        "TWILIO_FROM": "MG" + unguessable("service")[:32],
        "ALLOWED_ORIGINS": "https://cottonwood.arpa,https://www.cottonwood.arpa:8443",
        "AWS_BAA_SIGNED": "true",
        "TWILIO_BAA_SIGNED": "true",
        "NUMBER_REGISTERED": "true",
        **changes,
    }
