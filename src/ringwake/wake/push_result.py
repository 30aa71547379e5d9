"""What a test push came to, and what that means in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Accepted, Kind, Outcome, Refused, Throttled, Unreachable, Unregistered

_SERVICES = {
    Provider.APNS: "APNs",
    Provider.FCM: "FCM",
    Provider.WEBPUSH: "the push service",
    Provider.UNIFIEDPUSH: "the push service",
    Provider.HMS: "Push Kit",
    Provider.HTTP: "the push server",
}
_SLEEPS = {
    Provider.APNS: "Low Power Mode, Background App Refresh off, the app closed by its user, or no network",
    Provider.FCM: "battery saver, the app stopped by its user, or no network",
    Provider.HMS: "the app is not let start by itself (App launch), or no network",
    Provider.UNIFIEDPUSH: "the distributor is not running, or no network",
    Provider.HTTP: "see what your push server did with it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    """One test push."""

    app: AppKey
    kind: Kind
    trace: str
    """Names its timeline."""
    outcome: Outcome
    seconds: float
    """From the push to the provider's answer."""
    woke: float | None
    """Seconds from there to the phone's REGISTER; None: it did not come."""
    waited: float
    """Seconds for which it was waited for."""
    is_held_by_ios: bool = False
    """Whether it was a background push too many in this hour."""

    @property
    def is_good(self) -> bool:
        """Whether it went as it should. A page need not register: it shows the push."""
        is_page = self.app.provider is Provider.WEBPUSH
        return isinstance(self.outcome, Accepted) and (self.woke is not None or is_page or not self.waited)


def sentence(result: PushResult) -> str:
    """Say what it came to."""
    service, outcome = _SERVICES[result.app.provider], result.outcome
    after = f"after {_span(result.seconds)}"
    match outcome:
        case Accepted():
            return f"accepted by {service} {after}; {_wake(result)}"
        case Unregistered():
            return f"{service} says that the token is dead ({outcome.reason}): the phone must register again"
        case Throttled():
            pause = "" if outcome.retry_after is None else f", for {outcome.retry_after:.0f} s"
            return f"{service} takes no more pushes just now ({outcome.reason}{pause})"
        case Refused():
            return f"{service} refuses it: {outcome.reason} ({outcome.status}); see `ringwake doctor`"
        case Unreachable():
            return f"{service} did not take it: {outcome.reason}; see `ringwake doctor`"
        case _:
            assert_never(outcome)


def _wake(result: PushResult) -> str:
    if result.woke is not None:
        return f"the phone registered {_span(result.woke)} later"
    if not result.waited:
        return "nobody waited for the phone"
    if result.app.provider is Provider.WEBPUSH:
        return "the browser shows a notification; its page registers when it is opened"
    sleeps = _SLEEPS[result.app.provider]
    if result.is_held_by_ios:
        sleeps = "iOS delivers two silent pushes an hour, and this was one more"
    return f"the phone did not come in {result.waited:g} s: {sleeps}"


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
