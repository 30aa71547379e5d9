"""The address that a browser gave. A stranger chose this URL, so only the strict form that services use is read.

Whatever is not plain ASCII `https://host[:port]/path` is refused: userinfo, fragments, backslashes, percent-signs or
odd numbers in the host, trailing dots. Two readers of one URL cannot disagree about the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address

from ringwake.push.errors import CredentialsError, UnsendableError
from ringwake.push.transport.addresses import is_public

SERVICES = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Samsung, Brave ...
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""The push services of the browsers (push-services section 3)."""
ANY_SERVICE = ("*",)
"""For UnifiedPush: who runs a distributor's server is the user's choice, so it may be anyone's, at a public address."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
_NAME = rf"(?:{_LABEL}\.)*(?!\d+\b|0x){_LABEL}"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_HOST = rf"{_NAME}|{_OCTET}(?:\.{_OCTET}){{3}}|\[[0-9a-f:.]{{2,45}}\]"
_PATH = r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?"
_URL = re.compile(rf"https://(?P<host>(?i:{_HOST}))(?::(?P<port>[1-9]\d{{0,4}}))?{_PATH}", re.ASCII)
_LENGTH = 4096
_PATTERN = re.compile(rf"(?P<host>\*|(?:\*\.)?(?:{_HOST}))(?::(?P<port>[1-9]\d{{0,4}}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A push endpoint that may be used."""

    host: str
    """Lower case; an IPv6 address stands in brackets."""
    port: int

    @property
    def origin(self) -> str:
        """Return the origin, the audience of the VAPID token (RFC 8292 section 2)."""
        return f"https://{self.host}" if self.port == 443 else f"https://{self.host}:{self.port}"


class EndpointPolicy:
    """Which endpoints may be used at all. That the address is public is seen when the connection is opened."""

    __slots__ = ("_patterns", "allow_private")

    def __init__(self, services: Iterable[str] = SERVICES, *, allow_private: bool = False) -> None:
        """Prepare.

        Args:
            services: `host`, `*.domain` or `*`, each with `:port` if it is not 443.
            allow_private: any host, port and address (laboratory only).

        Raises:
            CredentialsError: a pattern is none.
        """
        self.allow_private = allow_private
        self._patterns = tuple(_read_pattern(pattern) for pattern in services)

    def check(self, url: str) -> Endpoint:
        """Return what the URL names.

        Raises:
            UnsendableError: it may not be used.
        """
        match = _URL.fullmatch(url) if len(url) <= _LENGTH else None
        port = int(match["port"] or 443) if match else 0
        if match is None or port > 65535 or not _is_host(match["host"]):
            raise UnsendableError("malformed endpoint")
        endpoint = Endpoint(host=match["host"].lower(), port=port)
        if not self.allow_private and not self._is_listed(endpoint):
            raise UnsendableError("endpoint not allowed")
        return endpoint

    def allows_address(self, address: str) -> bool:
        """Tell whether a connection to this address, as the socket API writes it, may be opened."""
        return self.allow_private or is_public(address)

    def _is_listed(self, endpoint: Endpoint) -> bool:
        host = endpoint.host
        for pattern, port in self._patterns:
            is_named = pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            if is_named and endpoint.port == port:
                return True
        return False


def _is_host(text: str) -> bool:
    """Tell whether what stands in brackets, if anything does, is an IPv6 address."""
    try:
        return not text.startswith("[") or bool(IPv6Address(text[1:-1]))
    except ValueError:
        return False


def _read_pattern(text: str) -> tuple[str, int]:
    match = _PATTERN.fullmatch(text.lower())
    if match is None:
        raise CredentialsError("a push service is host, *.domain or *, and :port if it is not 443")
    return match["host"], int(match["port"] or 443)
