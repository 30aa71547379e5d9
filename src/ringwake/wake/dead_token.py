"""What a provider's word on a token does to it: compare, then clear, unless there are too many (design.md section 4).

A token is live; suspect while the guard has tripped, and then tried again by the next push; and dead. Every road from
a provider's answer to `ForgetToken` leads through here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.app import AppKey
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Kind, Unregistered
from ringwake.model.store_ops import Failed
from ringwake.model.token_ops import ForgetToken, Forgotten, RestoreTokens
from ringwake.wake.token_guard import TokenGuard, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadWord:
    """A provider's word that a token is dead."""

    binding: Binding
    """As it was when the push went out: the provider speaks of that token and that registration."""
    kind: Kind
    """Of the push."""
    outcome: Unregistered
    """Without a time of its own, the token was dead when it was registered."""
    trace: str = ""
    """Of what was pushed for."""


def forget(word: DeadWord, guard: TokenGuard, now: float) -> Effects:
    """Forget the token that the push went to, unless it was registered again since, or the guard keeps it."""
    binding, target = word.binding, word.binding.push
    vehicle = target.vehicle(word.kind) if target else None
    if target is None or vehicle is None:
        return NOTHING
    app, service, digest, at = target.app, vehicle[0], vehicle[1].digest, word.outcome.at
    judged = guard.judge(app, digest, now)
    fields: dict[str, Field] = {"device": binding.id, "reason": word.outcome.reason}
    if judged is not Word.FORGET:
        kept = Note(Event(Happened.TOKEN_SUSPECT, now, word.trace, fields))
        return (kept, *_trip(guard, app, now)) if judged is Word.TRIP else (kept,)

    def applied(forgotten: Forgotten, _: float) -> Effects:
        guard.forgot(app, forgotten)
        return restore(guard)

    def then(forgotten: Forgotten, now: float) -> Effects:
        is_gone = bool(forgotten.bindings or forgotten.uploads)
        return (Note(Event(Happened.TOKEN_FORGOTTEN, now, word.trace, fields)),) if is_gone else NOTHING

    dead_at = binding.registered_at if at is None else at
    op = ForgetToken(digest=digest, dead_at=dead_at, is_timed=at is not None, service=service)
    return (Persist(op, applied=applied, then=then),)


def restore(guard: TokenGuard) -> Effects:
    """Put back what the guard owes; what cannot be written is owed still."""
    return tuple(_restored(guard, app) for app in guard.debtors())


def _trip(guard: TokenGuard, app: AppKey, now: float) -> Effects:
    return (Note(Event(Happened.TOKEN_GUARD_TRIPPED, now, "", _named(app))), *restore(guard))


def _restored(guard: TokenGuard, app: AppKey) -> Persist:
    owed = guard.owed(app)

    def then(bindings: tuple[Binding, ...], now: float) -> Effects:
        return (Note(Event(Happened.TOKENS_RESTORED, now, "", {**_named(app), "bindings": len(bindings)})),)

    def otherwise(failed: Failed, now: float) -> Effects:
        guard.owes(app, owed)
        fields: dict[str, Field] = {"op": "restore_tokens", "reason": failed.reason}
        return (Note(Event(Happened.STORE_FAILED, now, "", fields)),)

    return Persist(RestoreTokens(forgotten=owed), then=then, otherwise=otherwise)


def sweep(guard: TokenGuard, now: float) -> Effects:
    """End the trips that are over, and put back what could not be put back so far."""
    over = (Event(Happened.TOKEN_GUARD_RESET, now, "", _named(app)) for app in guard.sweep(now))
    return (*(Note(event) for event in over), *restore(guard))


def _named(app: AppKey) -> dict[str, Field]:
    return {"provider": app.provider.value, "app": app.param}
