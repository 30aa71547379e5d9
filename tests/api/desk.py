"""A push side for the API's tests: it answers as it is told, and writes down what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.api.bed import TOKEN, Asker, Bed

from ringwake.api.apps import operator_app
from ringwake.api.push_desk import AppStands, PushDesk
from ringwake.edge.push_trial import UntestableError
from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.check import Check, Verdict
from ringwake.model.push import Accepted, Kind, Outcome
from ringwake.observe.push_news import Tally
from ringwake.wake.push_result import PushResult

STANDS = AppStands(
    key=AppKey(Provider.FCM, "demo"),
    tenant="example.com",
    credentials="ok",
    problem="",
    expires_at=None,
    circuit="closed",
    pushes=Tally(sent=3, accepted=2, failed=1, last_error="QUOTA_EXCEEDED", last_error_at=1_800_000_000.0),
)
BROKEN = AppStands(
    key=AppKey(Provider.APNS, "TEAM123456.com.example"),
    tenant="example.com",
    credentials="broken",
    problem="app[1]: half",
    expires_at=1_900_000_000.0,
    circuit="open",
    pushes=Tally(),
)
CHECK = Check(name="network fcm demo", verdict=Verdict.WARN, cause="HTTP/1.1 only", mend="see the proxy")


@dataclass
class Told:
    """What the desk answers, and what it was asked."""

    outcome: Outcome = field(default_factory=lambda: Accepted("m1"))
    woke: float | None = 1.9
    refuses: str = ""
    verdict: Verdict = Verdict.OK
    tested: list[tuple[str, float]] = field(default_factory=list)
    tried: list[AppKey] = field(default_factory=list)


def desk(*apps: AppStands, told: Told | None = None) -> PushDesk:
    """Make one; without applications it has `STANDS`."""
    listed, say = list(apps) or [STANDS], told or Told()

    async def checks() -> list[Check]:
        return [CHECK]

    async def try_out(key: AppKey) -> Check:
        say.tried.append(key)
        return Check(name=f"push {key.provider.value}", verdict=say.verdict, cause="it does")

    async def test(binding: Binding, wait: float) -> PushResult:
        say.tested.append((binding.id, wait))
        if say.refuses:
            raise UntestableError(say.refuses)
        assert binding.push is not None
        app = binding.push.app
        return PushResult(
            app=app, kind=Kind.REFRESH, trace="t1", outcome=say.outcome, seconds=0.084, woke=say.woke, waited=wait
        )

    return PushDesk(checks=checks, apps=lambda: listed, try_out=try_out, test=test)


def with_desk(bed: Bed, of: PushDesk) -> Asker:
    """Return the operator of a server that has a push side."""
    app = operator_app(replace(bed.backend, push=of))
    return Asker(app, host="127.0.0.1", authorization=f"Bearer {TOKEN}")
