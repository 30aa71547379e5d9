"""The push side of the server, as the operator's API speaks of it: put together from the parts that know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ringwake.api.push_desk import AppStands, PushDesk
from ringwake.app.credential_watch import Credentials, CredentialWatch
from ringwake.app.own_certificates import OwnCertificates
from ringwake.edge.core import Core
from ringwake.edge.push_trial import PushTests
from ringwake.model.app import AppKey
from ringwake.model.check import Check, Verdict
from ringwake.observe.push_news import PushNews, Tally
from ringwake.push.checks.check import Examined, examine, try_out
from ringwake.push.checks.credentials import certificate_of, label
from ringwake.push.senders import Senders
from ringwake.wake import token_guard
from ringwake.wake.breaker import State

_MEND_FILE = "mend the file: it is read again within 5 seconds, and at SIGHUP; until then pushes go by the old one"
_MEND_WAIT = "put the old key back, or restart: then phones and pages must subscribe anew"
_MEND_CIRCUIT = "it is asked again by itself; see the checks of its network and credentials, and its status page"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushParts:
    """What the desk asks."""

    watch: CredentialWatch
    senders: Senders
    core: Core
    news: PushNews
    tests: PushTests
    certificates: OwnCertificates
    clock: Callable[[], float]
    """Monotonic seconds now."""


def push_desk(parts: PushParts) -> PushDesk:
    """Make the desk."""

    async def checks() -> list[Check]:
        examined = (one for key in parts.watch.all for one in _examined(parts, key))
        return [
            *_of_files(parts.watch.all.values()),
            *await examine(examined, wall=time.time),
            *_of_circuits(parts),
            *token_guard.checks(parts.core.means.guard.tripped(), parts.clock()),
            *parts.certificates.checks(wall=time.time()),
        ]

    async def tried(key: AppKey) -> Check:
        found = next(iter(_examined(parts, key)), None)
        if found is None:
            return Check(name=f"push {label(key)}", verdict=Verdict.FAIL, cause="the server stops just now")
        return await try_out(found, wall=time.time)

    return PushDesk(
        checks=checks,
        apps=lambda: [_stands(parts, one) for one in parts.watch.all.values()],
        try_out=tried,
        test=lambda binding, wait: parts.tests.send(binding, wait=wait),
    )


def _examined(parts: PushParts, key: AppKey) -> Iterable[Examined]:
    sender = parts.senders.sender(key)
    if sender is not None:
        yield Examined(app=key, access=parts.watch.all[key].access, sender=sender)


def _of_files(credentials: Iterable[Credentials]) -> list[Check]:
    found: list[Check] = []
    for one in credentials:
        name = f"files {label(one.source.app)}"
        if one.problem:
            found.append(Check(name=name, verdict=Verdict.FAIL, cause=one.problem, mend=_MEND_FILE))
        elif one.waits:
            found.append(Check(name=name, verdict=Verdict.WARN, cause=one.waits, mend=_MEND_WAIT))
    return found


def _of_circuits(parts: PushParts) -> list[Check]:
    return [
        Check(
            name=f"circuit {label(key)}",
            verdict=Verdict.WARN,
            cause=f"the service has failed again and again, and is left alone for seconds{_error(parts, key)}",
            mend=_MEND_CIRCUIT,
        )
        for key, state in _states(parts).items()
        if state is not State.CLOSED
    ]


def _states(parts: PushParts) -> dict[AppKey, State]:
    """Return the worst circuit of each application that had a failure."""
    worst: dict[AppKey, State] = {}
    for key, state in parts.core.means.budget.circuits.states(parts.clock()):
        worst[key] = max(worst.get(key, State.CLOSED), state)
    return worst


def _error(parts: PushParts, key: AppKey) -> str:
    tally = parts.news.all.get(key)
    return f": {tally.last_error}" if tally is not None and tally.last_error else ""


def _stands(parts: PushParts, one: Credentials) -> AppStands:
    key, certificate = one.source.app, certificate_of(one.access)
    return AppStands(
        key=key,
        tenant=one.source.section.tenant.lower(),
        credentials="broken" if one.problem else "waiting" if one.waits else "ok",
        problem=one.problem or one.waits,
        expires_at=None if certificate is None else certificate.not_valid_after_utc.timestamp(),
        circuit=_states(parts).get(key, State.CLOSED).name.lower(),
        pushes=parts.news.all.get(key) or Tally(),
    )
