"""Silent pushes before registrations run out (RFC 8599 section 5.5). What is due comes from the store's index."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.edge.core import Core
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Notice, Outcome, Push, Unregistered
from ringwake.model.store_ops import Refreshed, TakeDue
from ringwake.wake.announcement import account_hash
from ringwake.wake.budget import SINGLE_FLIGHT
from ringwake.wake.dead_token import DeadWord, forget
from ringwake.wake.owner import Owner
from ringwake.wake.refresh import RefreshPolicy

OWNER = "refresh"
POLL_SECONDS = (0.25, 10.0)
"""Shortest and longest pause between two looks at what is due; in between, a hundredth of the lead."""
BATCH = 100
"""Silent pushes begun at one poll: after an hour of downtime they go out at this rate (reliability F18)."""
LEASE_SECONDS = 60.0
"""How long a binding that was taken is left alone, should its outcome never come."""
RETRY_SECONDS = 60.0
"""Pause after a push that did not get through, or that somebody else's wake made needless."""


@dataclass(frozen=True, slots=True)
class _Sent:
    binding: Binding
    push: Push


class Refresher(Owner):
    """Sends what is due and takes note of how it went."""

    def __init__(self, core: Core, policy: RefreshPolicy, now: float) -> None:
        self._core = core
        self._policy = policy
        self._poll_at = now
        self._poll_seconds = min(max(policy.lead / 100, POLL_SECONDS[0]), POLL_SECONDS[1])
        self._sent: dict[str, _Sent] = {}

    def get_timer(self) -> float | None:
        """Return when the store is asked next."""
        return self._poll_at

    def handle_timer(self, now: float) -> Effects:
        """Take what is due from the store."""
        self._poll_at = now + self._poll_seconds
        op = TakeDue(wall=self._core.wall(now), limit=BATCH, lease=LEASE_SECONDS)
        # When it is durable: on a full disk the same would be due again at the next look, and be pushed each time.
        return (Persist(op, then=self._taken),)

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """Plan the next push to a phone by how this one went."""
        sent = self._sent.pop(device, None)
        if sent is None:
            return NOTHING
        binding, budget = sent.binding, self._core.means.budget
        if isinstance(outcome, Unregistered):
            word = DeadWord(binding=binding, kind=Kind.REFRESH, outcome=outcome)
            # The next one is planned too, for a phone that has registered this token since it was seen dead.
            return (self._next(binding, now), *forget(word, self._core.means.guard, now))
        if not isinstance(outcome, Accepted):
            budget.give_back(sent.push.target, Kind.REFRESH, binding.id)
            kind, name = Kind.REFRESH.value, type(outcome).__name__.lower()
            fields: dict[str, Field] = {"device": device, "outcome": name, "reason": outcome.reason, "kind": kind}
            return (self._later(binding, now, now + RETRY_SECONDS), Note(Event(Happened.PUSH_FAILED, now, "", fields)))
        self._core.means.guard.taken(sent.push.target.app, now)
        if (pause := self._pause(binding, now)) is not None:
            budget.ask(sent.push.target, binding.id, now + pause)
        return (self._next(binding, now), Note(Event(Happened.PUSH_ACCEPTED, now, "", {"device": device})))

    @property
    def is_settled(self) -> bool:
        """Never: there is always a next poll."""
        return False

    def _taken(self, due: tuple[Binding, ...], now: float) -> Effects:
        return tuple(effect for binding in due for effect in self._push(binding, now))

    def _push(self, binding: Binding, now: float) -> Effects:
        push = self._built(binding, now)
        if push is None:
            return NOTHING
        fields: dict[str, Field] = {"device": binding.id, "kind": Kind.REFRESH.value}
        budget = self._core.means.budget
        if budget.asked_until(push.target) > now and self._pause(binding, now) is not None:
            # For another account of the phone, and this is not the last try: that push is a try of this one too.
            return (self._next(binding, now), self._held_back(fields, SINGLE_FLIGHT, now))
        suppressed = budget.take(push, binding.id, now)
        if suppressed is not None:
            later = self._later(binding, now, max(suppressed.until, now + RETRY_SECONDS))
            return (later, self._held_back(fields, suppressed.reason, now))
        self._sent[binding.id] = _Sent(binding, push)
        fields["token"] = push.token.label
        return (SendPush(push, OWNER, binding.id), Note(Event(Happened.PUSH_SENT, now, "", fields)))

    def _built(self, binding: Binding, now: float) -> Push | None:
        target = binding.push
        vehicle = target.vehicle(Kind.REFRESH) if target else None
        if target is None or vehicle is None:
            return None
        service, token = vehicle
        identity = f"{binding.id}\0{binding.registered_at}\0{binding.refresh_tries}\0{token.digest}".encode()
        return Push(
            notice=Notice(
                kind=Kind.REFRESH,
                id=self._core.seal.digest("push", identity),
                account=account_hash(binding.aor),
                seq=binding.refresh_tries,
                deadline_ms=int((binding.expires_at - self._core.wall(now)) * 1000),
            ),
            target=target,
            service=service,
            token=token,
            # Never delivered after the expiry that the phone was shown (RFC 8599 section 5.5).
            expires_at=binding.expires_at,
        )

    def _held_back(self, fields: dict[str, Field], reason: str, now: float) -> Note:
        return Note(Event(Happened.PUSH_SUPPRESSED, now, "", {**fields, "reason": reason}))

    def _pause(self, binding: Binding, now: float) -> float | None:
        """Return seconds from a push now to the next; None when it is the last try."""
        wall = self._core.wall(now)
        return self._policy.next(
            binding.refresh_tries + 1, since=wall - binding.registered_at, left=binding.expires_at - wall
        )

    def _next(self, binding: Binding, now: float) -> Persist:
        pause = self._pause(binding, now)
        return self._plan(binding, binding.refresh_tries + 1, None if pause is None else self._core.wall(now) + pause)

    def _later(self, binding: Binding, now: float, at: float) -> Persist:
        """Put the push off, but not beyond the last try; after that there is no point."""
        last = binding.expires_at - self._policy.last - self._core.wall(now)
        return self._plan(
            binding, binding.refresh_tries, None if last <= 0 else self._core.wall(now) + min(at - now, last)
        )

    def _plan(self, binding: Binding, tries: int, at: float | None) -> Persist:
        op = Refreshed(
            aor=binding.aor, binding=binding.id, registered_at=binding.registered_at, tries=tries, refresh_at=at
        )
        return Persist(op)
