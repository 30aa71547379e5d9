"""A phone gets exactly one INVITE of a call, in whatever order things happen: a real server, bare sockets as phones.

Sent again in the same branch it is a retransmission, to be expected over UDP, and down another flow of the phone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.scenario.bare_phone import BarePhone, Wire
from tests.scenario.stage import Stage, open_stage
from tests.support.caller import Caller

BOTH = pytest.mark.parametrize("transport", ["tcp", "udp"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("orders")) as opened:
        yield opened


def only_invite(*wires: Wire) -> str:
    """Return the branch of the one INVITE that has come: over TCP once a wire, over UDP maybe again."""
    branches = set()
    for wire in wires:
        wire.settle()
        invites = wire.invites()
        assert len(invites) == 1 or (wire.transport == "udp" and invites), f"{invites} down {wire.transport}"
        branches.update(invites)
    (branch,) = branches
    return branch


def no_invite(*wires: Wire) -> None:
    """Make sure that none has come."""
    for wire in wires:
        wire.settle()
        assert wire.invites() == []


def take(phone: BarePhone, wire: Wire, caller: Caller) -> None:
    """Answer the call, and let the caller hang up."""
    phone.answer(wire, wire.next("INVITE"), "200 OK")
    caller.until(200)
    caller.ack()


# ---- REGISTERs


@BOTH
def test_an_unauthenticated_register_releases_nothing_and_the_authenticated_one_releases(
    stage: Stage, transport: str
) -> None:
    with stage.woken() as (phone, caller):
        wire = phone.open(transport)
        assert phone.ask(wire, phone.request(wire)).status == 401
        assert phone.ask(wire, phone.signed(wire, password="wrong")).status == 401
        no_invite(wire)
        assert phone.register(wire) == 200
        take(phone, wire, caller)
        only_invite(wire)
        assert (caller.finals, stage.pushes_to(phone)) == ([200], 1)


@pytest.mark.parametrize(
    ("line", "status"), [("Expires: 60", 423), ("Require: nonsense", 420), ("CSeq: 1 REGISTER", 500)]
)
def test_a_register_that_fails_releases_nothing(stage: Stage, line: str, status: int) -> None:
    with stage.woken() as (phone, caller):
        wire = phone.open()
        assert phone.register(wire, line) == status
        no_invite(wire)
        assert phone.register(wire) == 200
        take(phone, wire, caller)
        only_invite(wire)


def test_a_register_without_a_contact_releases_nothing(stage: Stage) -> None:
    """It asks for the bindings, and its answer lists them; but no phone has come by it."""
    with stage.woken() as (phone, caller):
        wire = phone.open()
        fetch = phone.signed(wire)
        lines = [line for line in fetch.decode().split("\r\n") if not line.startswith(("Contact:", "Expires:"))]
        assert phone.ask(wire, "\r\n".join(lines).encode()).all("Contact") != []
        no_invite(wire)
        assert phone.register(wire) == 200
        take(phone, wire, caller)


@BOTH
def test_a_retransmitted_register_releases_once(stage: Stage, transport: str) -> None:
    with stage.woken() as (phone, caller):
        wire = phone.open(transport)
        register = phone.signed(wire)
        wire.send(register)
        assert phone.ask(wire, register).status == 200
        invite = wire.next("INVITE")
        wire.send(register)
        phone.answer(wire, invite, "180 Ringing")
        wire.send(register)
        only_invite(wire)
        phone.answer(wire, invite, "200 OK")
        caller.until(200)
        caller.ack()
        only_invite(wire)
        assert caller.finals == [200]


@BOTH
def test_five_registers_at_once_release_once(stage: Stage, transport: str) -> None:
    with stage.woken() as (phone, caller):
        wire = phone.open(transport)
        registers = [phone.signed(wire) for _ in range(5)]
        for register in registers:
            wire.send(register)
        assert [phone.answered(wire, register).status for register in registers] == [200] * 5
        take(phone, wire, caller)
        only_invite(wire)
        assert (caller.finals, stage.pushes_to(phone)) == ([200], 1)


def test_five_registers_at_once_down_five_flows_leave_one_invite_alive(stage: Stage) -> None:
    with stage.woken() as (phone, caller):
        wires = [phone.open() for _ in range(5)]
        registers = [phone.signed(wire) for wire in wires]
        for wire, register in zip(wires, registers, strict=True):
            assert phone.ask(wire, register).status == 200
        *left, last = wires
        assert [wire.is_reset() for wire in left] == [True] * 4
        assert {branch for wire in left for branch in wire.invites()} == {only_invite(last)}
        assert max(len(wire.invites()) for wire in left) == 1
        take(phone, last, caller)
        assert caller.finals == [200]


def test_a_register_after_the_deadline_releases_nothing(stage: Stage) -> None:
    with stage.woken() as (phone, caller):
        caller.until(480)
        caller.ack_failure()
        wire = phone.open()
        assert phone.register(wire) == 200
        no_invite(wire)
        assert set(caller.finals) == {480}


# ---- flows


def test_a_phone_that_moves_before_it_answers_leaves_a_broken_flow_behind(stage: Stage) -> None:
    with stage.phone() as phone:
        first, second = phone.open(), phone.open()
        assert phone.register(first) == 200
        with stage.call(phone.user) as caller:
            first.next("INVITE")
            assert phone.register(second) == 200
            assert first.is_reset()
            assert first.invites() == [only_invite(second)]
            take(phone, second, caller)
            assert (caller.finals, stage.pushes_to(phone)) == ([200], 0)


@BOTH
def test_a_phone_that_moves_while_it_rings_gets_nothing_more(stage: Stage, transport: str) -> None:
    with stage.woken() as (phone, caller):
        first, second = phone.open(transport), phone.open(transport)
        assert phone.register(first) == 200
        invite = first.next("INVITE")
        phone.answer(first, invite, "180 Ringing")
        caller.until(180)
        assert phone.register(second) == 200
        no_invite(second)
        phone.answer(second, invite, "200 OK")
        caller.until(200)
        caller.ack()
        only_invite(first)
        no_invite(second)
        assert caller.finals == [200]


def test_a_dead_connection_is_reset_before_the_phone_gets_the_invite_down_its_new_one(stage: Stage) -> None:
    with stage.phone() as phone:
        dead = phone.open()
        assert phone.register(dead) == 200
        with stage.call(phone.user) as caller:
            phone.pushed()  # after a second without an answer
            wire = phone.open()
            assert phone.register(wire) == 200
            assert dead.is_reset()
            assert dead.invites() == [only_invite(wire)]
            take(phone, wire, caller)
            only_invite(wire)
            assert (caller.finals, stage.pushes_to(phone)) == ([200], 1)


def test_a_dead_datagram_flow_is_sent_nothing_more_once_the_push_is_out(stage: Stage) -> None:
    """Sent at 0 and 0.5 seconds; the push follows after 1, and what was due at 1.5 and 3.5 does not."""
    with stage.phone() as phone:
        dead = phone.open("udp")
        assert phone.register(dead) == 200
        with stage.call(phone.user) as caller:
            phone.pushed()
            caller.until(480)  # after five seconds
            caller.ack_failure()
            dead.settle()
            assert len(dead.invites()) == 2
            only_invite(dead)
            assert "missed" in str(phone.pushed()["payload"])
            assert stage.pushes_to(phone) == 2


@BOTH
def test_a_register_down_the_same_flow_proves_it_alive(stage: Stage, transport: str) -> None:
    with stage.phone() as phone:
        wire = phone.open(transport)
        assert phone.register(wire) == 200
        with stage.call(phone.user) as caller:
            phone.pushed()
            assert phone.register(wire) == 200
            take(phone, wire, caller)
            only_invite(wire)
            assert (caller.finals, stage.pushes_to(phone)) == ([200], 1)


@BOTH
def test_a_phone_that_rings_is_not_pushed_to(stage: Stage, transport: str) -> None:
    with stage.phone() as phone:
        wire = phone.open(transport)
        assert phone.register(wire) == 200
        with stage.call(phone.user) as caller:
            invite = wire.next("INVITE")
            phone.answer(wire, invite, "183 Session Progress")
            caller.quiet(1.3)
            assert caller.finals == []
            phone.answer(wire, invite, "200 OK")
            caller.until(200)
            caller.ack()
            only_invite(wire)
            assert (caller.finals, stage.pushes_to(phone)) == ([200], 0)


# ---- the caller, the provider, other phones


@pytest.mark.parametrize("is_first", [True, False])
def test_a_cancel_that_crosses_the_200(stage: Stage, *, is_first: bool) -> None:
    """Whoever of them is first, the caller hears one final answer, and no phone is asked again."""
    with stage.woken() as (phone, caller):
        wire = phone.open()
        assert phone.register(wire) == 200
        invite = wire.next("INVITE")
        phone.answer(wire, invite, "180 Ringing")
        caller.until(180)
        if is_first:
            caller.cancel()
            phone.answer(wire, wire.next("CANCEL"), "200 OK")
            phone.answer(wire, invite, "200 OK")
        else:
            phone.answer(wire, invite, "200 OK")
            caller.cancel()
        caller.until(200)
        caller.ack()
        assert phone.register(wire) == 200
        only_invite(wire)
        assert caller.finals == [200]


def test_a_phone_that_comes_after_the_cancel_gets_nothing(stage: Stage) -> None:
    with stage.woken() as (phone, caller):
        caller.cancel()
        caller.until(487)
        caller.ack_failure()
        wire = phone.open()
        assert phone.register(wire) == 200
        no_invite(wire)
        assert set(caller.finals) == {487}


def test_two_pushes_delivered_bring_one_invite(stage: Stage) -> None:
    stage.control.switch("fcm", duplicate=True)
    try:
        with stage.phone() as phone, stage.call(phone.sleep().user) as caller:
            first, second = phone.pushed(), phone.pushed()
            assert (first["id"], first["payload"]) == (second["id"], second["payload"])
            wire = phone.open()
            assert [phone.register(wire), phone.register(wire)] == [200, 200]
            take(phone, wire, caller)
            only_invite(wire)
            assert (caller.finals, stage.pushes_to(phone)) == ([200], 1)
    finally:
        stage.control.switch("fcm", duplicate=False)


def test_three_phones_that_wake_one_after_another_get_one_invite_each(stage: Stage) -> None:
    user = next(stage.users)
    with stage.phone(user) as one, stage.phone(user) as two, stage.phone(user) as three:
        phones = [phone.sleep() for phone in (one, two, three)]
        with stage.call(user) as caller:
            for phone in phones:
                phone.pushed()
            wires = [phone.open() for phone in phones]
            for number, (phone, wire) in enumerate(zip(phones, wires, strict=True)):
                assert phone.register(wire) == 200
                phone.answer(wire, wire.next("INVITE"), "180 Ringing")
                only_invite(wire)
                no_invite(*wires[number + 1 :])
            phone, wire = phones[1], wires[1]
            phone.answer(wire, next(one for one in wire.heard if one.start.startswith("INVITE")), "200 OK")
            caller.until(200)
            caller.ack()
            for loser in (wires[0], wires[2]):
                assert 'cause=200;text="Call completed elsewhere"' in loser.next("CANCEL").one("Reason")
            for phone, wire in zip(phones, wires, strict=True):
                assert phone.register(wire) == 200
            branches = [only_invite(wire) for wire in wires]
            assert len(set(branches)) == 3
            assert (caller.finals, [stage.pushes_to(phone) for phone in phones]) == ([200], [1, 1, 1])
