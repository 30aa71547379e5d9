"""A push token under several accounts (standards S6): counted in one step by every store, and never taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.beds import KINDS, Bed, make_bed
from tests.store.samples import NOW, contact, fcm, register, registered

from ringwake.model.account import Aor
from ringwake.model.push import Kind
from ringwake.model.store_ops import ListBindings, Register, SharedToken, TooManyAccounts
from ringwake.model.wakes import Wake

MAX_ACCOUNTS = 10
PHONE, OTHER = "<urn:uuid:0001>", "<urn:uuid:0002>"


@pytest.fixture(params=KINDS)
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bed]:
    made = make_bed(request.param, tmp_path)
    yield made
    made.close()


def claim(number: int, instance: str = PHONE, *, cseq: int = 1, woken: tuple[Wake, ...] = ()) -> Register:
    asked = contact(f"a{number}", instance=instance, push=fcm("t"), woken=woken)
    return register(asked, aor=Aor(f"user{number:02}@example.com"), cseq=cseq)


def test_one_account_too_many_is_refused_and_those_that_have_the_token_keep_it(bed: Bed) -> None:
    everything = ListBindings(aor=None, wall=NOW)
    for number in range(MAX_ACCOUNTS):
        bed.do(claim(number))
    before = bed.do(everything)
    assert bed.do(claim(MAX_ACCOUNTS)) == TooManyAccounts()
    assert bed.do(everything) == before
    assert len(registered(bed.do(claim(0, cseq=2))).touched) == 1


def test_of_many_that_come_at_once_the_last_one_is_refused(bed: Bed) -> None:
    results = bed.all_at_once([claim(number) for number in range(MAX_ACCOUNTS + 1)])
    assert [isinstance(result, TooManyAccounts) for result in results] == [False] * MAX_ACCOUNTS + [True]


def test_a_second_phone_is_told_of_when_it_claims_the_token_and_only_then(bed: Bed) -> None:
    bed.do(claim(1))
    told = [registered(bed.do(claim(2, OTHER, cseq=cseq))).shared for cseq in (1, 2)]
    assert told == [(SharedToken("a2", 2),), ()]


def test_registers_that_tell_of_one_wake_at_once_count_it_once_for_all_accounts(bed: Bed) -> None:
    woken = (Wake(NOW - 1, Kind.CALL),)
    for number in range(3):
        bed.do(claim(number))
    bed.all_at_once([claim(number, cseq=2, woken=woken) for number in range(3)])
    bed.reopen()
    found = bed.do(ListBindings(aor=None, wall=NOW))
    assert [known.wakes.by_reason() for known in found] == [{"call": 1}] * 3
