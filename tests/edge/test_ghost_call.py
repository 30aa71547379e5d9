"""Claims about calls that are over when an iPhone comes for them: it is shown that, and nothing reaches the caller."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.apple_world import APP, AppleWorld, IPhone, in_apple_world
from tests.support.in_world import answer, asleep, awake, call, cancel, refuse
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import Phone

from ringwake.edge.ghost_call import GHOST_SECONDS, GhostCall
from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings, Forwards
from ringwake.model.events import Happened
from ringwake.model.settings import Settings
from ringwake.proxy.forking import DECLINED, ELSEWHERE
from ringwake.sip.flow import Address, Transport
from ringwake.ua.call import CallState, IncomingCall, OutgoingCall


def ghosts(world: AppleWorld) -> list[GhostCall]:
    owners = [owner for _, owner in world.core.calls.calling("alice@example.com")]
    return [owner for owner in owners if isinstance(owner, GhostCall)]


def sent(world: AppleWorld) -> int:
    return sum(event.what is Happened.GHOST_SENT for event in world.events)


async def too_late(world: AppleWorld, *, transport: Transport = Transport.TLS) -> tuple[IPhone, Phone, OutgoingCall]:
    """Let an iPhone be called that does not wake, and the caller hang up. No other push than VoIP reaches it."""
    alice = await world.sleeping_iphone(transport=transport)
    alice.wakes, alice.is_deaf = False, True
    boss = await awake(world)
    outgoing = call(boss, alice)
    await pause(1)
    cancel(boss, outgoing)
    await pause(1)
    assert outgoing.status == 487
    assert alice.phantoms == [outgoing.call_id]
    return alice, boss, outgoing


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP, Transport.TLS])
def test_an_iphone_that_comes_too_late_gets_the_call_and_its_cancel(transport: Transport) -> None:
    async def test(world: AppleWorld) -> None:
        alice, _, outgoing = await too_late(world, transport=transport)
        await alice.wake()
        await pause(1)
        (shown,) = alice.calls
        assert (shown.call_id, shown.state, shown.ending) == (outgoing.call_id, CallState.ENDED, "cancelled")
        assert alice.phantoms == []
        assert outgoing.status == 487
        assert sent(world) == 1
        await alice.wake()
        await pause(1)
        assert len(alice.calls) == 1, "it has seen it"

    in_apple_world(test)


def test_it_is_who_called_and_nothing_of_ours_or_of_the_way() -> None:
    async def test(world: AppleWorld) -> None:
        alice, boss, _ = await too_late(world)
        await alice.wake()
        await pause(1)
        invite = alice.calls[0].invite
        assert boss.user in (invite.headers.get("from") or "")
        assert len(invite.headers.values("via")) == 1
        names = ("record-route", "route", "supported", "require", "authorization", "proxy-authorization")
        assert [name for name in names if name in invite.headers] == []
        assert invite.headers.values("contact") == ["<sip:10.0.0.1:5060;transport=tls>"]
        assert invite.body.startswith(b"v=0")

    in_apple_world(test)


class ByHand:
    """An iPhone whose SIP is written by hand: it registers from a new port each time, and says what the test wants."""

    def __init__(self, world: AppleWorld, phone: IPhone) -> None:
        self.world = world
        self._phone = phone
        self._ports = iter(range(7001, 7100))

    async def comes(self, *, expires: int = 600) -> Stranger:
        line = await Stranger(self.world, address=Address("10.9.9.9", next(self._ports))).open()
        await self.registers(line, expires=expires)
        return line

    async def registers(self, line: Stranger, *, expires: int = 600, user: str = "alice") -> None:
        prid = f"{self._phone.voip}:voip%26{self._phone.remote}:remote"
        push = f"pn-provider=apns;pn-param={APP}.voip%26remote;pn-prid={prid}"
        contact = f'<sip:{user}@{line.address};{push}>;+sip.instance="<{self._phone.instance}>"'
        ok = await line.ask_as(user, line.register(user, contact=contact, expires=expires))
        assert ok.status == 200
        await pause(0.2)


async def by_hand(world: AppleWorld) -> tuple[ByHand, IPhone]:
    """Return an iPhone that sleeps and that the test will speak for."""
    phone = world.iphone("alice")
    phone.wakes = False
    hand = ByHand(world, phone)
    await (await hand.comes()).close()
    await pause(60)
    return hand, phone


def methods(line: Stranger) -> list[str]:
    return [request.method for request in line.requests]


@pytest.mark.parametrize(
    ("on_call", "reason", "kind"),
    [(answer, ELSEWHERE, "elsewhere"), (refuse(603), DECLINED, "elsewhere")],
)
def test_the_cancel_says_what_another_phone_has_done(
    on_call: Callable[[Phone, IncomingCall], None], reason: str, kind: str
) -> None:
    async def test(world: AppleWorld) -> None:
        hand, phone = await by_hand(world)
        other = await asleep(world)
        other.on_call = on_call
        boss = await awake(world)
        outgoing = call(boss, other)
        await pause(2)
        assert [push.notice.kind for push in phone.pushes] == ["call", kind]
        line = await hand.comes()
        assert methods(line) == ["INVITE"], "a CANCEL has to wait for a provisional response"
        line.answer(line.requests[0], 100)
        await pause(0.2)
        assert methods(line) == ["INVITE", "CANCEL"]
        assert line.requests[1].headers.get("reason") == reason
        line.answer(line.requests[1], 200)
        line.answer(line.requests[0], 487)
        await pause(0.2)
        assert methods(line) == ["INVITE", "CANCEL", "ACK"]
        assert outgoing.status == (200 if on_call is answer else 603)
        await pause(GHOST_SECONDS + 40)
        assert ghosts(world) == []

    in_apple_world(test)


def test_who_picks_up_meanwhile_is_hung_up_on_and_the_caller_hears_nothing_of_it() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        boss = await awake(world)
        outgoing = call(boss, "sip:alice@example.com")
        await pause(1)
        cancel(boss, outgoing)
        await pause(1)
        line = await hand.comes()
        (invite,) = line.requests
        contact = ("contact", f"<sip:alice@{line.address}>")
        for _ in range(2):
            line.answer(invite, 200, contact)
            await pause(0.2)
        assert methods(line) == ["INVITE", "ACK", "BYE", "ACK"], "each 2xx has its ACK, and one BYE is enough"
        ack, bye, number = *line.requests[1:3], invite.cseq.number
        assert (ack.uri, ack.cseq.number, bye.cseq.number) == (f"sip:alice@{line.address}", number, number + 1)
        assert {request.call_id for request in line.requests} == {outgoing.call_id}
        line.answer(bye, 200)
        await pause(1)
        assert outgoing.status == 487
        assert ghosts(world)[0].is_settled

    in_apple_world(test)


def test_a_2xx_that_names_no_contact_is_let_go() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        await hung_up_at_once(world)
        line = await hand.comes()
        line.answer(line.requests[0], 200)
        await pause(1)
        assert methods(line) == ["INVITE"]
        assert ghosts(world)[0].is_settled

    in_apple_world(test)


async def hung_up_at_once(world: AppleWorld) -> OutgoingCall:
    boss = await awake(world)
    outgoing = call(boss, "sip:alice@example.com")
    await pause(0.5)
    cancel(boss, outgoing)
    await pause(0.5)
    return outgoing


def test_a_connection_that_breaks_before_it_is_heard_leaves_it_to_the_next() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        await hung_up_at_once(world)
        first = await hand.comes()
        assert methods(first) == ["INVITE"]
        await first.close()
        await pause(1)
        second = await hand.comes()
        assert methods(second) == ["INVITE"]
        assert first.requests[0].via.branch != second.requests[0].via.branch
        second.answer(second.requests[0], 486)
        await pause(0.2)
        assert methods(await hand.comes()) == []

    in_apple_world(test)


def test_who_moves_before_it_has_answered_is_shown_the_end_where_it_is_now() -> None:
    """Between two networks nobody closes the connection that was left."""

    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        await hung_up_at_once(world)
        first = await hand.comes()
        assert methods(first) == ["INVITE"]
        second = await hand.comes()
        assert methods(second) == ["INVITE"]
        second.answer(second.requests[0], 180)
        await pause(0.2)
        assert methods(second) == ["INVITE", "CANCEL"]
        assert methods(await hand.comes()) == [], "it has seen it"
        second.answer(second.requests[0], 487)
        await pause(GHOST_SECONDS + 40)
        assert (ghosts(world), methods(first)) == ([], ["INVITE"])

    in_apple_world(test)


def test_who_has_said_nothing_for_half_a_minute_is_shown_it_when_it_registers_again() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        await hung_up_at_once(world)
        line = await hand.comes()
        await pause(33)
        await hand.registers(line)
        assert methods(line) == ["INVITE", "INVITE"]
        await pause(100)
        assert ghosts(world) == []

    in_apple_world(test)


def test_an_iphone_that_had_the_invite_and_never_said_a_word_is_shown_the_end_on_its_next_connection() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        boss = await awake(world)
        outgoing = call(boss, "sip:alice@example.com")
        await pause(0.5)
        first = await hand.comes()
        assert methods(first) == ["INVITE"]
        cancel(boss, outgoing)
        await pause(0.5)
        await hand.registers(first)
        assert methods(first) == ["INVITE"], "it is on its way down there"
        await first.close()
        await pause(0.5)
        second = await hand.comes()
        assert methods(second) == ["INVITE"]
        assert second.requests[0].headers.values("contact") != first.requests[0].headers.values("contact")

    in_apple_world(test)


def test_an_iphone_that_has_rung_needs_no_more() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        boss = await awake(world)
        outgoing = call(boss, "sip:alice@example.com")
        await pause(0.5)
        first = await hand.comes()
        first.answer(first.requests[0], 180)
        await pause(0.2)
        cancel(boss, outgoing)
        await pause(0.2)
        assert methods(first) == ["INVITE", "CANCEL"]
        await first.close()
        assert methods(await hand.comes()) == []

    in_apple_world(test)


def test_after_a_minute_and_after_a_logout_there_is_nothing_to_see() -> None:
    async def test(world: AppleWorld) -> None:
        hand, _ = await by_hand(world)
        await hung_up_at_once(world)
        await pause(GHOST_SECONDS)
        assert methods(await hand.comes()) == []
        await hung_up_at_once(world)
        line = await hand.comes(expires=0)
        assert methods(line) == []
        assert methods(await hand.comes()) == []

    in_apple_world(test)


def test_an_android_phone_is_told_by_push_alone() -> None:
    async def test(world: AppleWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        await hung_up_at_once(world)
        assert [push.notice.kind for push in alice.pushes] == ["call", "missed"]
        assert ghosts(world) == []
        await alice.wake()
        await pause(1)
        assert alice.calls == []

    in_apple_world(test)


def test_a_call_over_tls_only_is_shown_over_tls_only() -> None:
    async def test(world: AppleWorld) -> None:
        alice = await world.sleeping_iphone()
        alice.wakes = False
        boss = await awake(world)
        outgoing = call(boss, "sips:alice@example.com")
        await pause(0.5)
        cancel(boss, outgoing)
        await pause(0.5)
        assert methods(await ByHand(world, alice).comes()) == []
        await alice.wake()
        await pause(0.5)
        assert len(alice.calls) == 1

    in_apple_world(test)


def test_a_call_that_has_gone_on_to_another_account_of_the_phone_rings_there_and_is_not_shown_as_over() -> None:
    """A copy of its INVITE, and the CANCEL of that, would end the call that rings."""

    async def test(world: AppleWorld) -> None:
        onward = Settings(calls=CallSettings(forward=Forwards(unreachable="sip:bob@example.com")))
        world.directory.put_settings(Aor("alice@example.com"), onward)
        hand, _ = await by_hand(world)
        line = await hand.comes()
        await hand.registers(line, user="bob")
        await line.close()
        await pause(60)
        outgoing = call(await awake(world), "sip:alice@example.com")
        await pause(22)
        line = await hand.comes()
        assert methods(line) == []
        await hand.registers(line, user="bob")
        (invite,) = line.requests
        routes = tuple(("record-route", text) for text in invite.headers.texts("record-route"))
        line.answer(invite, 200, ("contact", f"<sip:bob@{line.address}>"), *routes)
        await pause(0.5)
        assert outgoing.status == 200
        await hand.registers(line)
        assert methods(line) == ["INVITE", "ACK"]
        assert sent(world) == 0

    in_apple_world(test)
