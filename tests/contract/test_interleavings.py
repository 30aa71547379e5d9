"""A call, a CANCEL and REGISTERs that cross, in every order: no lost wake, no INVITE too many or too late."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from tests.contract.beds import KINDS, Bed, make_bed
from tests.store.samples import ALICE, NOW, call, contact, register, registered

from ringwake.model.account import Aor
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.store_ops import Finish, Finished, ListBindings, Op, Park, Parked, Recover, Register, Registered

ORDERS = list(permutations(("park", "first", "cancel", "second")))


@pytest.fixture(params=KINDS)
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bed]:
    made = make_bed(request.param, tmp_path)
    yield made
    made.close()


def operations(aor: Aor, number: int, *, same_phone: bool) -> dict[str, Op[Any]]:
    one = contact(f"one{number}", instance="<urn:1>")
    two = contact(f"two{number}", instance="<urn:1>" if same_phone else "<urn:2>")
    # The CSeq says nothing about the order in which they arrive here: the second is another Call-ID.
    return {
        "park": Park(call=call(number, aor=aor)),
        "first": register(one, aor=aor, call_id="first"),
        "second": register(two, aor=aor, call_id="second"),
        "cancel": Finish(call=f"call{number}", end=CallEnd.CANCELLED),
    }


def judge(order: tuple[str, ...], number: int, results: list[Any]) -> None:
    """Compare the results of one history with what must be true of it."""
    is_open, parked_id = False, f"call{number}"
    known_phones: list[str] = []
    invites: list[str] = []
    awaited: set[str] = set()
    for word, result in zip(order, results, strict=True):
        match result:
            case Parked():
                is_open = True
                # The call comes second: it sees every phone that registered.
                assert [binding.id for binding in result.bindings] == sorted(known_phones)
                awaited |= set(known_phones)
            case Registered(touched=(binding,), calls=calls):
                # The phone comes second: it is given the call, which knows whether it was given before.
                assert [known.id for known in calls] == ([parked_id] if is_open else [])
                invites += [binding.id for known in calls if binding.id not in known.invited]
                known_phones = sorted({*known_phones, binding.id})
            case Finished(was_open=was_open):
                assert word == "cancel"
                assert was_open is is_open
                is_open = False
            case _:
                raise AssertionError(result)
    assert len(invites) == len(set(invites)), "a phone was given the INVITE twice"
    for word in ("first", "second"):
        if order.index("park") < order.index(word) and "cancel" not in order[order.index("park") : order.index(word)]:
            assert invites, "a wake was lost"
    assert awaited <= set(known_phones)


@pytest.mark.parametrize("same_phone", [True, False], ids=["one phone", "two phones"])
def test_one_after_the_other(bed: Bed, same_phone: bool) -> None:
    for number, order in enumerate(ORDERS):
        ops = operations(Aor(f"alice{number}@example.com"), number, same_phone=same_phone)
        judge(order, number, [bed.do(ops[word]) for word in order])


@pytest.mark.parametrize("same_phone", [True, False], ids=["one phone", "two phones"])
def test_all_under_way_at_once(bed: Bed, same_phone: bool) -> None:
    for number, order in enumerate(ORDERS):
        ops = operations(Aor(f"alice{number}@example.com"), number, same_phone=same_phone)
        judge(order, number, bed.all_at_once([ops[word] for word in order]))


def test_a_phone_that_registers_again_is_told_that_it_was_invited(bed: Bed) -> None:
    phone = contact("a1", instance="<urn:1>")
    bed.do(Park(call=call()))
    results = [bed.do(register(phone, cseq=cseq)) for cseq in (1, 2, 3)]
    told = [[known.invited for known in registered(result).calls] for result in results]
    assert told == [[()], [("a1",)], [("a1",)]]


def test_two_calls_for_two_phones_are_four_invites(bed: Bed) -> None:
    parked = [call(1), call(2, at=NOW + 1)]
    for record in parked:
        bed.do(Park(call=record))
    pairs: list[tuple[str, str]] = []
    for cseq, phone in enumerate(["a1", "a2", "a1", "a2"], 1):
        result = bed.do(register(contact(phone, instance=f"<urn:{phone}>"), cseq=cseq, wall=NOW + cseq))
        pairs += [(known.id, phone) for known in registered(result).calls if phone not in known.invited]
    assert pairs == [("call1", "a1"), ("call2", "a1"), ("call1", "a2"), ("call2", "a2")]


def test_a_call_is_not_returned_after_its_deadline_but_recovered(bed: Bed) -> None:
    record: CallRecord = call(wake=20)
    bed.do(Park(call=record))
    late: Register = register(contact("a1"), wall=NOW + 20)
    assert registered(bed.do(late)).calls == ()
    assert bed.do(Recover(wall=NOW + 21)).calls == ((record, bed.do(ListBindings(aor=ALICE, wall=NOW + 21))),)
