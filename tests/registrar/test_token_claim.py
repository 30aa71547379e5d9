"""A token under several accounts: legal for one phone, told for two, limited for all (standards S6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.store.samples import ALICE, BOB, apns, binding, contact, fcm, webpush

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.push import Kind, PushTarget, Service
from ringwake.model.token_claims import TokenProof
from ringwake.model.wakes import NEVER, Wake, Wakes
from ringwake.registrar.token_claim import MAX_ACCOUNTS, TokenClaim, has_same_tokens, shares_token

PHONE, OTHER = "<urn:uuid:0001>", "<urn:uuid:0002>"


def held(aor: Aor, instance: str = PHONE, token: str = "t", **changes: Any) -> Binding:
    fields = {"push": fcm(token), **changes}
    return replace(binding(f"of {aor}", aor=aor, instance=instance), **fields)


def claim(*bindings: Binding, aor: Aor = ALICE, instance: str = PHONE, **given: Any) -> TokenClaim:
    return TokenClaim.of(aor, contact(instance=instance, **{"push": fcm("t"), **given}), bindings)


def many(count: int) -> list[Binding]:
    return [held(Aor(f"a{number}@example.com")) for number in range(count)]


def test_holders_are_those_that_have_one_of_the_tokens() -> None:
    both, one, other = (apns(voip="v", remote=remote) for remote in ("r", "r2", "r3"))
    known = [binding("a1", push=one), binding("a2", push=replace(other, tokens=other.tokens[1:])), binding("a3")]
    assert TokenClaim.of(ALICE, contact(push=both), known).holders == (known[0],)
    assert TokenClaim.of(ALICE, contact(), known).holders == ()
    assert shares_token(both, one)
    assert not shares_token(both, None)
    assert not shares_token(None, None)
    assert has_same_tokens(both, both)
    assert has_same_tokens(None, None)
    assert not has_same_tokens(both, one)
    assert not has_same_tokens(both, None)


def test_one_phone_may_have_several_accounts() -> None:
    several = claim(held(BOB), *many(3))
    assert several.accounts == 5
    assert not several.is_strange
    assert not several.is_one_too_many


def test_a_second_phone_with_the_token_of_another_account_is_strange() -> None:
    assert claim(held(BOB), instance=OTHER).is_strange
    assert claim(held(BOB), instance="").is_strange
    assert claim(held(BOB, instance="")).is_strange


def test_two_phones_of_which_neither_says_who_it_is_cannot_be_told_apart() -> None:
    assert not claim(held(BOB, instance=""), instance="").is_strange


def test_an_own_token_does_not_cover_one_of_anothers() -> None:
    own = held(ALICE, push=apns(remote="mine"))
    theirs = held(BOB, OTHER, push=apns(voip="v", remote="r"))
    both = apns(voip="v", remote="mine")
    assert claim(own, theirs, push=both).is_strange
    assert claim(own, theirs, push=both).doubted == (theirs,)
    assert not claim(held(ALICE, push=both), theirs, push=both).is_strange


def test_whoever_does_not_say_which_phone_it_is_may_be_another() -> None:
    named, nameless = held(BOB), held(BOB, instance="")
    assert claim(named).doubted == ()
    assert claim(named, instance=OTHER).doubted == (named,)
    assert claim(named, instance="").doubted == (named,)
    assert claim(nameless, instance="").doubted == (nameless,)
    assert claim(nameless).doubted == (nameless,)
    assert claim(held(ALICE, OTHER)).doubted == (), "the account may move its token"


# ---- proof


@pytest.mark.parametrize(
    ("claimed", "known", "service"),
    [
        (fcm("t"), fcm("t"), Service.ONLY),
        (apns(voip="v", remote="r"), apns(voip="v", remote="r"), Service.REMOTE),
        (apns(remote="r"), apns(voip="v", remote="r"), Service.REMOTE),
        (webpush("https://push.test/1"), webpush("https://push.test/1"), Service.ONLY),
        (apns(voip="v"), apns(voip="v", remote="r"), None),
        (apns(voip="v", remote="mine"), apns(voip="v", remote="r"), None),
        (None, fcm("t"), None),
    ],
    ids=["fcm", "both", "remote alone", "browser", "voip alone", "voip of another", "nothing"],
)
def test_a_token_is_proved_by_a_push_that_may_be_sent_to_it(
    claimed: PushTarget | None, known: PushTarget, service: Service | None
) -> None:
    vehicle = claim(held(BOB, push=known), instance=OTHER, push=claimed).challenge
    assert (vehicle and vehicle[0]) == service


def test_a_proof_is_of_one_token_for_one_binding() -> None:
    asked, (mine, others) = claim(held(BOB), instance=OTHER), (held(ALICE), held(ALICE, id="b2"))
    proof = TokenProof(mine.id, fcm("t").lease, "ticket")
    assert asked.is_proved_by(proof, [others, mine])
    assert not asked.is_proved_by(None, [mine])
    assert not asked.is_proved_by(proof, [others])
    assert not asked.is_proved_by(proof._replace(token="another"), [mine])
    voip = claim(held(BOB, push=apns(voip="v")), instance=OTHER, push=apns(voip="v"))
    assert not voip.is_proved_by(proof, [mine])


@pytest.mark.parametrize(("asked", "granted"), [(30 * 86400.0, 3600.0), (600.0, 600.0)])
def test_without_proof_it_is_a_phone_without_push_that_must_come_soon(asked: float, granted: float) -> None:
    woken = (Wake(5.0, Kind.CALL),)
    left = claim(held(BOB, wakes=Wakes(9.0, Kind.CALL, call=7)), expires=asked, refresh_at=9.0, woken=woken).unproved()
    assert (left.contact.push, left.contact.refresh_at, left.contact.expires) == (None, None, granted)
    assert left.wakes([]) is NEVER, "the wakes are the other phone's"


def test_what_a_pbx_has_granted_stands() -> None:
    assert claim(held(BOB), expires=86_400.0, is_named=True).unproved().contact.expires == 86_400.0


def test_it_is_strange_only_once() -> None:
    assert not claim(held(BOB), held(ALICE, instance=OTHER), instance=OTHER).is_strange


@pytest.mark.parametrize(("others", "is_too_many"), [(MAX_ACCOUNTS - 1, False), (MAX_ACCOUNTS, True)])
def test_so_many_accounts_may_have_one_token_and_no_more(others: int, is_too_many: bool) -> None:
    assert claim(*many(others)).is_one_too_many is is_too_many
    assert claim(*many(others), *many(others)).is_one_too_many is is_too_many, "accounts count, not bindings"


def test_an_account_that_has_the_token_may_keep_it() -> None:
    assert not claim(*many(MAX_ACCOUNTS + 1), aor=Aor("a0@example.com")).is_one_too_many


def test_the_wakes_are_those_of_the_binding_that_knows_most() -> None:
    old, new = Wakes(5.0, Kind.CALL, call=1), Wakes(9.0, Kind.REFRESH, call=1, refresh=1)
    assert claim(held(ALICE, wakes=old), held(BOB, wakes=new)).wakes([]) == new
    assert claim().wakes([]) is NEVER


def test_the_wakes_that_come_with_the_register_are_added() -> None:
    known = Wakes(5.0, Kind.CALL, call=1)
    woken = (Wake(5.0, Kind.CALL), Wake(6.0, Kind.MESSAGE))
    assert claim(held(BOB, wakes=known), woken=woken).wakes([]) == Wakes(6.0, Kind.MESSAGE, call=1, message=1)


def test_a_phone_with_a_new_token_or_none_keeps_its_wakes() -> None:
    before = held(ALICE, token="before", wakes=Wakes(5.0, Kind.CALL, call=1))
    assert claim().wakes([before]) == before.wakes
    assert claim(push=None).wakes([before]) == before.wakes
