"""What a provider said of a push: it is noted, and a token that it calls dead goes."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Note
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Outcome, Unregistered
from ringwake.wake.dead_token import DeadWord, forget
from ringwake.wake.means import Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A push that went out."""

    binding: Binding
    """As it was then: the provider speaks of that token and that registration."""
    kind: Kind
    trace: str
    """Of what it was sent for."""


def taken(attempt: Attempt, outcome: Outcome, means: Means, now: float) -> Effects:
    """Take note of whether the provider has taken it."""
    binding, trace = attempt.binding, attempt.trace
    assert binding.push is not None, "it had a token"
    fields: dict[str, Field] = {"device": binding.id}
    if isinstance(outcome, Accepted):
        means.guard.taken(binding.push.app, now)
        return (Note(Event(Happened.PUSH_ACCEPTED, now, trace, {**fields, "id": outcome.id})),)
    failed: dict[str, Field] = {**fields, "outcome": type(outcome).__name__.lower(), "reason": outcome.reason}
    note = Note(Event(Happened.PUSH_FAILED, now, trace, failed))
    if isinstance(outcome, Unregistered):
        word = DeadWord(binding=binding, kind=attempt.kind, outcome=outcome, trace=trace)
        return (note, *forget(word, means.guard, now))
    return (note,)
