"""The HTTP proxy between us and a push service, as the operator writes it (RFC 9110 section 9.3.6, CONNECT)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from ringwake.push.errors import CredentialsError
from ringwake.secret import Secret

_USERINFO = r"[A-Za-z0-9\-._~!$&'()*+,;=%]"
_URL = re.compile(
    rf"http://(?:(?P<user>{_USERINFO}{{1,255}}):(?P<password>{_USERINFO}{{0,255}})@)?"
    r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9\-._]{0,252}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>[1-9][0-9]{0,4})/?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where it is, and who we are to it."""

    url: str
    """`http://host:port`."""
    user: str = ""
    """Empty: it asks for nothing."""
    password: Secret[str] | None = None


def read_proxy(text: Secret[str] | None) -> Proxy | None:
    """Read `http://[user:password@]host:port`; in user and password every other character stands as %XX.

    Raises:
        CredentialsError: it is something else. What stands there is not repeated.
    """
    if text is None:
        return None
    match = _URL.fullmatch(text.reveal())
    if match is None or int(match["port"]) > 65535:
        raise CredentialsError("a proxy is http://host:port or http://user:password@host:port")
    url = f"http://{match['host']}:{match['port']}"
    if match["user"] is None:
        return Proxy(url=url)
    user = _decoded(match["user"])
    if ":" in user:
        raise CredentialsError("the proxy's user has a colon, which Basic authentication cannot carry")  # RFC 7617
    return Proxy(url=url, user=user, password=Secret(_decoded(match["password"])))


def _decoded(text: str) -> str:
    """Return what percent-encoding stood for."""
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        decoded = "\0"
    if not decoded.isprintable():
        raise CredentialsError("the proxy's user or password has characters that no header can carry")
    return decoded
