"""How much of a subscriber's address is kept: enough for its owner to know it again, and nothing that could be misused."""

from urllib.parse import urlsplit

_NUMBER_SHOWN = 2  # last digits of a telephone number


def shown(protocol: str, endpoint: str) -> str:
    """Return an endpoint as it may be kept: mail, telephone numbers and URLs, which may contain secrets, only in part.

    Example:
        >>> shown("email", "backup-team@example.com"), shown("sms", "+441234567890")
        ('b…m@example.com', '…90')
        >>> shown("https", "https://hooks.example.com/T01/secret"), shown("sqs", "arn:aws:sqs:eu-west-2:111122223333:queue")
        ('https://hooks.example.com/…', 'arn:aws:sqs:eu-west-2:111122223333:queue')
    """
    match protocol:
        case "email" | "email-json":
            name, at, domain = endpoint.rpartition("@")
            return f"{name[:1]}…{name[1:][-1:]}{at}{domain}"
        case "http" | "https":
            return f"{protocol}://{urlsplit(endpoint).hostname or ''}/…"
        case "sms":
            return f"…{endpoint[-_NUMBER_SHOWN:]}"
        case _:
            return endpoint
