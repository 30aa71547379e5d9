"""Claims about tokens that a provider calls dead."""

from __future__ import annotations

import pytest
from tests.wake.phones import WALL, android, binding, iphone

from ringwake.model.effects import NOTHING, Effects, Persist
from ringwake.model.push import Kind, Unregistered
from ringwake.model.store_ops import ForgetToken
from ringwake.wake.dead_token import forget


def forgotten(effects: Effects) -> list[ForgetToken]:
    return [effect.op for effect in effects if isinstance(effect, Persist) and isinstance(effect.op, ForgetToken)]


@pytest.mark.parametrize(("at", "dead_at"), [(None, WALL - 3600), (77.0, 77.0)])
def test_a_token_is_dead_since_the_provider_saw_it_or_else_since_it_was_registered(
    at: float | None, dead_at: float
) -> None:
    digest = android("a").tokens[0][1].digest
    effects = forget(binding("a"), Kind.CALL, Unregistered("410", at))
    assert forgotten(effects) == [ForgetToken(digest=digest, dead_at=dead_at)]


@pytest.mark.parametrize(("kind", "place"), [(Kind.CALL, 0), (Kind.MESSAGE, 1), (Kind.REFRESH, 1)])
def test_of_two_tokens_the_one_that_was_pushed_to_is_meant(kind: Kind, place: int) -> None:
    digest = iphone().tokens[place][1].digest
    effects = forget(binding(push=iphone()), kind, Unregistered())
    assert [op.digest for op in forgotten(effects)] == [digest]


def test_where_nothing_was_pushed_to_nothing_is_forgotten() -> None:
    assert forget(binding(push=None), Kind.CALL, Unregistered()) == NOTHING
