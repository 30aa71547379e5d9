"""What we offer to a phone that asks for push (RFC 8599 sections 5.6.1 and 5.6.1.2): its target, and our promises."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ringwake.model.app import VAPID, AppKey, Provider
from ringwake.model.ports import Directory
from ringwake.model.push import PushTarget
from ringwake.registrar.push_target import push_target
from ringwake.sip.push_params import PushParams

PNSREG = 130
"""Seconds before its expiry by which a phone that refreshes by itself must have done so (RFC 8599 section 8.4)."""
OWN_REFRESH = 125
"""Seconds before its expiry at which such a phone is pushed to, since it has not: section 5.5 wants 120 at least."""


class Promise(NamedTuple):
    """One line of Feature-Caps (RFC 8599 section 5.4)."""

    provider: str
    """`pn-provider` value, as the phone wrote it."""
    indicators: tuple[tuple[str, str], ...] = ()
    """What goes with it, such as ("sip.vapid", key)."""


class Unserved(NamedTuple):
    """There is no such push service, application or token here: 555."""

    rule: str


class Offer(NamedTuple):
    """What a phone is given."""

    target: PushTarget | None = None
    promises: tuple[Promise, ...] = ()
    is_elsewhere: bool = False
    """Whether a nearer proxy does its pushes."""

    def with_own_refresh(self) -> Offer:
        """Say also by when the phone, which is able to, refreshes by itself (section 5.6.1.1)."""
        more = ("sip.pnsreg", str(PNSREG))
        return self._replace(promises=tuple(Promise(name, (*given, more)) for name, given in self.promises))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one Contact asks for, and how it came."""

    wants: PushParams
    tenant: str
    is_protected: bool
    """Whether its token may have been seen on the way by nobody (section 13), or that does not matter here."""
    nearer: frozenset[str]
    """Push services that a proxy nearer to the phone has promised: it does their pushes, and we none (section 5.6.1.1).

    A phone that says so itself loses its pushes, and nobody else any.
    """


def offer(asked: Asked, directory: Directory) -> Offer | Unserved:
    """Judge what one Contact says of push."""
    wants = asked.wants
    if wants.prid is None:
        return _answer_query(asked, directory)
    if wants.provider in asked.nearer:
        return Offer(is_elsewhere=True)
    if not asked.is_protected:
        # The token was on the wire in the clear already; promising pushes would only teach others to send theirs.
        return Offer()
    target = push_target(wants, asked.tenant, directory)
    if target is not None:
        return Offer(target, (_promise(wants.provider, asked.tenant, directory),))
    return Unserved("this push service, application or token is not served here") if wants.knows_555 else Offer()


def _answer_query(asked: Asked, directory: Directory) -> Offer | Unserved:
    wanted = asked.wants.provider
    words = dict.fromkeys(word for app in directory.apps(asked.tenant) for word in app.words)
    offered = [word for word in words if not wanted or word == wanted]
    if not offered and not asked.nearer:
        return Unserved("no such push service here")
    return Offer(None, tuple(_promise(word, asked.tenant, directory) for word in offered if word not in asked.nearer))


def _promise(provider: str, tenant: str, directory: Directory) -> Promise:
    app = directory.app(AppKey(Provider(provider), tenant)) if provider in VAPID else None
    return Promise(provider, (("sip.vapid", app.vapid_key),) if app and app.vapid_key else ())


def one_line_each(promises: Iterable[Promise]) -> tuple[Promise, ...]:
    """Put the promises of several Contacts together, one line for each service (section 5.4)."""
    lines: dict[str, dict[str, str]] = {}
    for promise in promises:
        lines[promise.provider] = lines.get(promise.provider, {}) | dict(promise.indicators)
    return tuple(Promise(provider, tuple(indicators.items())) for provider, indicators in lines.items())
