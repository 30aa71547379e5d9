"""Web Push keys of an AOR."""

from __future__ import annotations

from dataclasses import replace

from tests.store.samples import ALICE, WEBPUSH, binding, fcm, subscription_keys, token, webpush

from ringwake.store.changes import Changes
from ringwake.store.rows import Subscription, row
from ringwake.store.subscriptions import MAX_SUBSCRIPTIONS, Subscriptions, has_token, with_keys

ENDPOINT = "https://push.test/1"
DIGEST = token(WEBPUSH, ENDPOINT).digest


def subscription(number: int, digest: str = "") -> Subscription:
    return Subscription(aor=ALICE, digest=digest or f"d{number}", keys=subscription_keys(number), serial=number)


def put(known: Subscriptions, value: Subscription, *in_use: str) -> Changes:
    changes = Changes()
    known.put(changes, value, set(in_use))
    return changes


def test_keys_join_the_binding_with_their_endpoint() -> None:
    known = Subscriptions()
    put(known, subscription(1, DIGEST))
    put(known, subscription(2))
    browser = binding(push=webpush(ENDPOINT))
    assert known.join(browser) == replace(browser, push=webpush(ENDPOINT, subscription_keys(1)))
    for other in (binding(push=webpush("https://push.test/2")), binding(push=fcm("t")), binding()):
        assert known.join(other) is other


def test_keys_join_a_target_that_is_bound_nowhere() -> None:
    known = Subscriptions()
    put(known, subscription(1, DIGEST))
    assert known.joined(ALICE, webpush(ENDPOINT)) == webpush(ENDPOINT, subscription_keys(1))
    assert known.joined(ALICE, fcm("t")) == fcm("t")


def test_a_newer_one_takes_the_place_of_the_older() -> None:
    known = Subscriptions()
    old, other, new = subscription(1, DIGEST), subscription(2), subscription(3, DIGEST)
    put(known, old)
    put(known, other)
    changes = put(known, new)
    assert known.at(ALICE) == (other, new)
    assert changes.rows == [row(old, new)]
    changes.undo()
    assert known.at(ALICE) == (old, other)


def test_the_oldest_that_is_not_in_use_goes() -> None:
    known = Subscriptions()
    kept = [subscription(number) for number in range(MAX_SUBSCRIPTIONS)]
    for each in kept:
        put(known, each)
    changes = put(known, subscription(99), "d0", "d1")
    assert known.at(ALICE) == (*kept[:2], *kept[3:], subscription(99))
    assert changes.rows == [row(kept[2], None), row(None, subscription(99))]
    changes.undo()
    assert known.at(ALICE) == tuple(kept)


def test_if_all_are_in_use_the_oldest_goes() -> None:
    known = Subscriptions()
    for number in range(MAX_SUBSCRIPTIONS):
        put(known, subscription(number))
    put(known, subscription(99), *(f"d{number}" for number in range(MAX_SUBSCRIPTIONS)))
    assert [each.serial for each in known.at(ALICE)] == [*range(1, MAX_SUBSCRIPTIONS), 99]


def test_all_go_at_once() -> None:
    known = Subscriptions()
    first, second = subscription(1), subscription(2)
    put(known, first)
    put(known, second)
    changes = Changes()
    known.remove(changes, ALICE)
    assert (known.at(ALICE), changes.rows) == ((), [row(first, None), row(second, None)])
    changes.undo()
    assert known.at(ALICE) == (first, second)


def test_load_restores_their_order() -> None:
    known = Subscriptions()
    for number in (2, 1, 3):
        known.load(subscription(number))
    assert [each.serial for each in known.at(ALICE)] == [1, 2, 3]


def test_the_same_keys_again_change_nothing() -> None:
    browser = binding(push=webpush(ENDPOINT, subscription_keys(1)))
    assert with_keys(browser, DIGEST, subscription_keys(1)) is browser
    assert with_keys(browser, DIGEST, subscription_keys(2)).push == webpush(ENDPOINT, subscription_keys(2))


def test_a_target_knows_its_tokens() -> None:
    assert has_token(webpush(ENDPOINT), DIGEST)
    assert not has_token(fcm("t"), DIGEST)
