"""The one validator of all that goes into a request's headers and path (reliability S12).

Names and values must match the grammar of the field. What comes from SIP never stands in a header: identifiers are
hashes, and this file is what keeps it so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ringwake.push.errors import UnsendableError

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_BASE64URL = r"[A-Za-z0-9_\-]"
# RFC 6750 section 2.1 and RFC 8292 section 3.
_AUTHORIZATION = rf"[Bb]earer [A-Za-z0-9\-._~+/]{{1,4096}}=*|vapid t=[A-Za-z0-9_\-.]{{1,2048}}, k={_BASE64URL}{{87}}"

_HEADERS = {
    name: re.compile(grammar).fullmatch
    for name, grammar in {
        "authorization": _AUTHORIZATION,
        "content-type": r"application/(?:json|octet-stream|x-www-form-urlencoded)",
        "content-encoding": r"aes128gcm",
        "apns-id": _UUID,
        "apns-topic": r"[A-Za-z0-9\-.]{1,255}",
        "apns-push-type": r"voip|alert|background",
        "apns-priority": r"10|5",
        "apns-expiration": r"[0-9]{1,12}",
        "apns-collapse-id": rf"{_BASE64URL}{{1,64}}",
        "ttl": r"[0-9]{1,10}",
        "urgency": r"very-low|low|normal|high",
        "topic": rf"{_BASE64URL}{{1,32}}",
        # The Standard Webhooks convention.
        "webhook-id": r"[0-9a-f]{32}",
        "webhook-timestamp": r"[0-9]{1,12}",
        "webhook-signature": r"v1,[A-Za-z0-9+/]{43}=",
    }.items()
}
_VALUES = {
    "device token": re.compile(r"(?:[0-9A-Fa-f]{2}){8,200}"),
    "registration token": re.compile(r"[A-Za-z0-9_:\-]{8,4096}"),
    "push token": re.compile(r"[A-Za-z0-9_\-.:]{16,1024}"),
    "opaque token": re.compile(r"[!-~]{1,4096}"),
    "huawei id": re.compile(r"[0-9]{6,24}"),
    # A project id, an old one with its domain ("example.com:phone"), or a project number.
    "project": re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-.:]{0,98}[A-Za-z0-9])?"),
}


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse a header that is not known here, or whose value is not of its grammar.

    Raises:
        UnsendableError: names the field, never its value.
    """
    for name, value in headers.items():
        fits = _HEADERS.get(name)
        if fits is None:
            raise UnsendableError("unknown header field")
        if fits(value) is None:
            raise UnsendableError(f"bad {name}")


def checked(kind: str, value: str) -> str:
    """Return a value that stands in a path or names a phone.

    Raises:
        UnsendableError: it is not of the grammar of its kind.
    """
    if _VALUES[kind].fullmatch(value) is None:
        raise UnsendableError(f"bad {kind}")
    return value
