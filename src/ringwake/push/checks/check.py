"""`ringwake doctor`, first part: whether each application's credentials are good and its service is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ringwake.model.app import AppKey
from ringwake.model.check import Check, Verdict
from ringwake.model.push import Outcome, Push, Refused, Unreachable
from ringwake.push.access import Access, ApnsAccess
from ringwake.push.checks.credentials import credentials_check, label
from ringwake.push.checks.network import clock_check, network_check
from ringwake.push.checks.reach import origins
from ringwake.push.checks.trial import TRIED, trial_check, trial_push
from ringwake.push.errors import PushError, UnsendableError
from ringwake.push.fcm.client import Fcm
from ringwake.push.workshop import Sender
from ringwake.wake.unsent import FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """An application that is to be checked."""

    app: AppKey
    access: Access
    """What it pushes by."""
    sender: Sender
    """In use: the check goes by its connection and with its tokens, so that it meets what a push would meet."""


@dataclass(slots=True)
class _Found:
    checks: list[Check] = field(default_factory=list)
    skews: dict[str, float] = field(default_factory=dict)


async def examine(applications: Iterable[Examined], *, wall: Callable[[], float]) -> list[Check]:
    """Check applications, all at the same time; `wall` gives epoch seconds now. Takes as long as the slowest answer."""
    found = await asyncio.gather(*(_examine(one, wall) for one in applications))
    skews = {host: skew for each in found for host, skew in each.skews.items()}
    return [*(check for each in found for check in each.checks), *clock_check(skews)]


async def try_out(one: Examined, *, wall: Callable[[], float]) -> Check:
    """Ask a service whether it takes our credentials; where it cannot be asked, say what they are."""
    if one.app.provider not in TRIED:
        return credentials_check(one.app, one.access, wall=wall())
    return trial_check(one.app, await _trial(one.sender, trial_push(one.app, wall=wall())))


async def _examine(one: Examined, wall: Callable[[], float]) -> _Found:
    found = _Found([credentials_check(one.app, one.access, wall=wall())])
    name, hosts = f"network {label(one.app)}", origins(one.access)
    networks = asyncio.gather(*(network_check(name, origin, one.access) for origin in hosts))
    trial = asyncio.create_task(try_out(one, wall=wall)) if one.app.provider in TRIED else None
    for origin, (check, reached) in zip(hosts, await networks, strict=True):
        # Apple's other environment is needed only by tokens that have come to the wrong one.
        is_spare = isinstance(one.access, ApnsAccess) and origin != hosts[0]
        is_less = is_spare and check.verdict is Verdict.FAIL
        found.checks.append(replace(check, verdict=Verdict.WARN) if is_less else check)
        if reached is not None and reached.date is not None:
            found.skews[origin.removeprefix("https://")] = reached.date - wall()
    if trial is not None:
        found.checks.append(await trial)
    return found


async def _trial(sender: Sender, push: Push) -> Outcome:
    # Google can be asked to look only.
    attempt = sender.validate if isinstance(sender, Fcm) else sender.send
    try:
        async with asyncio.timeout(push.timeout):
            return await attempt(push)
    except UnsendableError as error:
        return Refused(error.reason, error.status)
    except PushError as error:
        return Unreachable(error.reason)
    except TimeoutError:
        return Unreachable("no answer in time")
    except Exception as error:  # noqa: BLE001 - the doctor has more to say than this one fault
        return Unreachable(f"{FAULT}: {type(error).__name__}")
