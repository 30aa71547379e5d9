"""Addresses of record as people and phones write them."""

from __future__ import annotations

from ringwake.api.problems import Problem
from ringwake.model.account import Aor
from ringwake.sip.errors import SipError
from ringwake.sip.uri import parse_uri


def new_aor(text: str) -> Aor:
    """Return the address of record that an account is to have.

    Raises:
        Problem: 422, it is none, or one that could be shown nowhere.
    """
    # What was sent is not repeated: there may be a password in it.
    like = "no address of record like alice@example.com"
    try:
        uri = parse_uri(f"sip:{text}")
    except SipError as error:
        raise Problem(422, f"{like}: {error.rule}") from None
    is_bare = uri.password is None and uri.port is None and not uri.params and not uri.headers
    if uri.user is None or not is_bare:
        raise Problem(422, f"{like}: without sip:, password, port and parameters")
    if not uri.aor.isprintable():
        raise Problem(422, f"{like}: it holds characters that cannot be shown")
    return Aor(uri.aor)


def canonical(text: str) -> Aor:
    """Return the canonical form of an address of record as it is listed: the domain's case does not count."""
    user, at, domain = text.rpartition("@")
    return Aor(f"{user}{at}{domain.lower()}")
