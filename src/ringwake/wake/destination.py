"""Where a push goes: what is down there is down for all that go there, and for nobody else."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Push

_BY_HOST = frozenset({Provider.WEBPUSH, Provider.UNIFIEDPUSH})


class Destination(NamedTuple):
    """An application at its service; for browsers also the host, since each maker of browsers runs a service."""

    app: AppKey
    host: str = ""
    """In lower case."""


def destination(push: Push) -> Destination:
    """Return where a push goes."""
    app = push.target.app
    return Destination(app, _host(push.token.reveal()) if app.provider in _BY_HOST else "")


def _host(url: str) -> str:
    """Return the host of an endpoint, or an empty text: whether it may be pushed to is for the sender to say."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
