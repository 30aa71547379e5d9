"""Claims about tokens that a provider calls dead."""

from __future__ import annotations

import pytest
from tests.wake.phones import WALL, android, binding, iphone

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Happened
from ringwake.model.push import Kind, Unregistered
from ringwake.model.store_ops import Failed
from ringwake.model.token_ops import ForgetToken, Forgotten, RestoreTokens
from ringwake.wake.dead_token import DeadWord, forget, sweep
from ringwake.wake.token_guard import QUIET, TokenGuard

FCM = {"provider": "fcm", "app": "demo"}


def word(of: Binding, kind: Kind = Kind.CALL, at: float | None = None) -> DeadWord:
    return DeadWord(binding=of, kind=kind, outcome=Unregistered("410", at), trace="t")


def persisted(effects: Effects) -> list[Persist]:
    return [effect for effect in effects if isinstance(effect, Persist)]


def noted(effects: Effects) -> list[Event]:
    return [effect.event for effect in effects if isinstance(effect, Note)]


def what(effects: Effects) -> list[Happened]:
    return [event.what for event in noted(effects)]


def full() -> tuple[TokenGuard, list[Forgotten]]:
    """Return a guard that takes no more, and what it has let go."""
    guard, lost = TokenGuard(), []
    for number in range(20):
        known = binding(f"phone {number}")
        (effect,) = persisted(forget(word(known), guard, 0.0))
        assert effect.applied is not None
        assert known.push is not None
        lost.append(Forgotten(digest=known.push.lease, bindings=(known,)))
        assert effect.applied(lost[-1], 0.0) == NOTHING
    return guard, lost


@pytest.mark.parametrize(("at", "dead_at"), [(None, WALL - 3600), (77.0, 77.0)])
def test_a_token_is_dead_since_the_provider_saw_it_or_else_since_it_was_registered(
    at: float | None, dead_at: float
) -> None:
    digest = android("a").tokens[0][1].digest
    (effect,) = persisted(forget(word(binding("a"), at=at), TokenGuard(), 0.0))
    assert effect.op == ForgetToken(digest=digest, dead_at=dead_at, is_timed=at is not None)


@pytest.mark.parametrize(("kind", "place"), [(Kind.CALL, 0), (Kind.MESSAGE, 1), (Kind.REFRESH, 1)])
def test_of_two_tokens_the_one_that_was_pushed_to_is_meant(kind: Kind, place: int) -> None:
    service, token = iphone().tokens[place]
    (effect,) = persisted(forget(word(binding(push=iphone()), kind), TokenGuard(), 0.0))
    assert isinstance(effect.op, ForgetToken)
    assert (effect.op.digest, effect.op.service) == (token.digest, service)


def test_where_nothing_was_pushed_to_nothing_is_forgotten() -> None:
    assert forget(word(binding(push=None)), TokenGuard(), 0.0) == NOTHING


def test_that_a_token_was_forgotten_is_told_when_it_was() -> None:
    (effect,) = persisted(forget(word(binding("a")), TokenGuard(), 0.0))
    assert effect.then is not None
    (told,) = noted(effect.then(Forgotten(digest="d", bindings=(binding("a"),)), 5.0))
    assert (told.what, told.at, told.trace) == (Happened.TOKEN_FORGOTTEN, 5.0, "t")
    assert told.fields == {"device": "a", "reason": "410"}
    assert effect.then(Forgotten(digest="d"), 5.0) == NOTHING, "it was registered again"


def test_one_too_many_is_kept_and_the_last_ones_are_put_back() -> None:
    guard, lost = full()
    effects = forget(word(binding("b")), guard, 7.0)
    assert what(effects) == [Happened.TOKEN_SUSPECT, Happened.TOKEN_GUARD_TRIPPED]
    assert [event.fields for event in noted(effects)] == [{"device": "b", "reason": "410"}, FCM]
    (effect,) = persisted(effects)
    assert effect.op == RestoreTokens(forgotten=tuple(lost))
    assert effect.then is not None
    (told,) = noted(effect.then(lost[0].bindings, 8.0))
    assert (told.what, told.fields) == (Happened.TOKENS_RESTORED, {**FCM, "bindings": 1})
    assert what(forget(word(binding("c")), guard, 9.0)) == [Happened.TOKEN_SUSPECT]


def test_what_could_not_be_put_back_is_tried_again_at_the_next_sweep() -> None:
    guard, lost = full()
    (effect,) = persisted(forget(word(binding("b")), guard, 7.0))
    assert effect.otherwise is not None
    (told,) = noted(effect.otherwise(Failed("the disk is full"), 8.0))
    assert told.fields == {"op": "restore_tokens", "reason": "the disk is full"}
    (again,) = persisted(sweep(guard, 9.0))
    assert again.op == RestoreTokens(forgotten=tuple(lost))
    assert sweep(guard, 10.0) == NOTHING


def test_what_is_forgotten_while_it_trips_is_put_back_at_once() -> None:
    guard = TokenGuard()
    first = persisted(forget(word(binding("a")), guard, 0.0))[0]
    for number in range(20):
        forget(word(binding(f"phone {number}")), guard, 0.0)
    lost = Forgotten(digest=android("a").lease, bindings=(binding("a"),))
    assert first.applied is not None
    (effect,) = persisted(first.applied(lost, 1.0))
    assert effect.op == RestoreTokens(forgotten=(lost,))


def test_the_end_of_it_is_told() -> None:
    guard, _ = full()
    forget(word(binding("b")), guard, 0.0)
    (told,) = noted(sweep(guard, QUIET))
    assert (told.what, told.fields) == (Happened.TOKEN_GUARD_RESET, FCM)
