"""Push tokens go from a phone to us in its REGISTER, back to it in the 200, and nowhere else (RFC 8599 section 13)."""

from __future__ import annotations

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from tests.support.canary import Canary
from tests.support.in_world import answer, asleep, awake, call, cancel, hang_up, in_world, line_of, refuse
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, SERVER, World

from ringwake.model.push import Unreachable, Unregistered
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Message
from ringwake.sip.replies import reply

ALICE = f"sip:alice@{DOMAIN}"
LEAK = f";pn-provider=fcm;pn-param={PROJECT};pn-prid=leaked-token"


CANARY = "cX3-_dD:APA91bcanary"

# Fields in which a phone may put its own Contact, or any other text.
_FIELDS = ("Contact", "m", "Refer-To", "r", "Diversion", "History-Info", "P-Asserted-Identity", "Referred-By")
_MORE_FIELDS = ("Reply-To", "Call-Info", "Warning", "Subject", "X-Anything")
_STYLES = ("{}", "%{:02x}", "%{:02X}")


@st.composite
def parameters(draw: st.DrawFn, *names: str) -> str:
    """Write a token as a parameter, its name in any case, its letters escaped or not."""
    name = draw(st.sampled_from(names or ("pn-prid", "pn-tok", "pn-param", "pn-provider")))
    styles = [draw(st.sampled_from(_STYLES)) for _ in name] if draw(st.booleans()) else ["{}"] * len(name)
    cased = name.upper() if draw(st.booleans()) else name.title() if draw(st.booleans()) else name
    spelled = "".join(style.format(x if style == "{}" else ord(x)) for style, x in zip(styles, cased, strict=True))
    value = draw(st.sampled_from((CANARY, CANARY.replace(":", "%3A"), f"a:voip&{CANARY}:remote")))
    return f"{spelled}={value}"


@st.composite
def leaks(draw: st.DrawFn) -> str:
    """Write a header field that tells a token, as careless or odd phones do."""
    field, param = draw(st.sampled_from(_FIELDS + _MORE_FIELDS)), draw(parameters())
    fold = draw(st.sampled_from(("", " ", "\r\n ", " \r\n\t")))
    nested = f"%3Csip%3Ame%40h%3B{param.replace('=', '%3D').replace(':', '%253A').replace('&', '%26')}%3E"
    quoted = param.replace("=", '="') + '"'
    value = draw(
        st.sampled_from(
            (
                f"<sip:me@h;{param};ob>",
                f'"Me, <me>" <sip:me@h;{param}>;q=0.5',
                f"<sip:me@h>{fold};{fold}{param}",
                f"<sip:me@h>;{fold}{quoted}",
                f"sip:me@h;{param}",
                f"<tel:+1;{param}>",
                f"<sip:me;{param}@h>",
                f"<sip:me@h;x={nested}>",
                f"<sip:me@h?Contact={nested}>;index=1",
                f'"sip:me@h;{param}" <sip:me@h>',
                f"<sip:me@h>,{fold}<sip:you@h;{param}>",
                f'SIP;cause=302;text="<sip:me@h;{param}>"',
                f"<sip:me@h;{param}",
            )
        )
    )
    return f"{field}: {value}"


def with_lines(message: Message, lines: list[str]) -> bytes:
    """Return the octets of a message with more lines in its header section, folded as they are."""
    first, end, rest = message.encode().partition(b"\r\n")
    return first + end + "".join(f"{line}\r\n" for line in lines).encode() + rest


def outside_registers(world: World, token: str) -> list[bytes]:
    """Return the messages with a token that are no REGISTER and no 200 to one."""
    found = [octets for _, _, octets in world.network.sent if token.encode() in octets]
    return [octets for octets in found if b" REGISTER\r\n" not in octets]


def addressees(world: World, token: str) -> set[Address]:
    """Return to whom the server sent a token."""
    sent = [(flow.remote, octets) for _, flow, octets in world.network.sent if flow.local == SERVER]
    return {remote for remote, octets in sent if token.encode() in octets}


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TLS])
def test_a_token_is_told_to_its_own_phone_only_and_stands_in_no_log(transport: Transport) -> None:
    async def test(world: World) -> None:
        alice, second = await asleep(world, transport=transport), await asleep(world, transport=transport)
        boss = await awake(world, push=True, transport=transport)
        alice.on_call, second.on_call = answer, refuse(486)
        outgoing = call(boss, alice)
        await pause(5)
        hang_up(boss, outgoing)
        assert await line_of(boss).message(alice.aor, "hello") == 202
        await line_of(alice).message(boss.aor, "hello")
        incoming = call(alice, boss)
        await pause(1)
        cancel(alice, incoming)
        await alice.sleep()
        await second.sleep()
        for outcome in (Unreachable("down"), Unregistered("gone")):
            world.provider.answer = lambda _, outcome=outcome: outcome  # type: ignore[misc]
            await pause(60)
            call(boss, alice)
            await pause(30)
        await pause(7 * 86400)
        for phone in (alice, second, boss):
            assert outside_registers(world, phone.token) == []
            assert {remote.host for remote in addressees(world, phone.token)} == {phone.address.host}
            assert phone.token not in repr(world.events)
        kinds = {push.notice.kind.value for _, push in world.provider.pushes}
        assert kinds >= {"call", "missed", "refresh"}

    in_world(test, limit=30 * 86400)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "NEWMETHOD", "MESSAGE"])
@pytest.mark.parametrize("status", [180, 200, 302, 485])
def test_what_either_side_lets_slip_in_a_contact_goes_no_further(method: str, status: int) -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
        boss = await Stranger(world).open()
        contact = f"<sip:me@h{LEAK};ob>"
        request = await boss.signed("boss", boss.request(method, ALICE, f"Contact: {contact}"))
        boss.send(request)
        await pause(0.1)
        (arrived,) = [request for request in phone.requests if request.method == method]
        assert arrived.headers.get("contact") == (None if method == "MESSAGE" else "<sip:me@h;ob>")
        phone.answer(arrived, status, ("contact", contact))
        await pause(0.1)
        answers = [answer for answer in boss.responses_to(request) if answer.status == status]
        assert method == "MESSAGE" or answers[0].headers.get("contact") == "<sip:me@h;ob>"
        assert addressees(world, "leaked-token") == set()

    in_world(test)


def test_no_phone_is_told_another_phones_token() -> None:
    async def test(world: World) -> None:
        own = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        other = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        for phone, token in ((own, "first-token"), (other, "second-token")):
            contact = f"<sip:alice@{phone.address}{LEAK.replace('leaked-token', token)}>"
            assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200
        for phone in (own, other):
            fetch = phone.request("REGISTER", f"sip:{DOMAIN}", sender=ALICE, to=f"<{ALICE}>")
            shown = (await phone.ask_as("alice", fetch)).headers.values("contact")
            assert len(shown) == 2
            assert "pn-" not in "".join(shown)
        assert addressees(world, "first-token") == {own.address}
        assert addressees(world, "second-token") == {other.address}

    in_world(test)


@given(
    method=st.sampled_from(("INVITE", "REFER", "NOTIFY", "OPTIONS", "NEWMETHOD", "MESSAGE")),
    status=st.sampled_from((180, 183, 200, 300, 302, 404, 485)),
    asked=st.lists(leaks(), min_size=1, max_size=3),
    answered=st.lists(leaks(), min_size=1, max_size=3),
    uri=st.none() | parameters(),
)
@example("INVITE", 485, [f"X-MPUSH: a:org.example:{CANARY}"], [f"X-MPush: i:x:{CANARY}"], None)
@settings(derandomize=True, deadline=None, max_examples=150, phases=(Phase.explicit, Phase.generate, Phase.shrink))
def test_however_a_phone_spells_its_token_nobody_else_gets_it(
    method: str, status: int, asked: list[str], answered: list[str], uri: str | None
) -> None:
    canary = Canary()
    canary.learn(CANARY)

    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
        boss = await Stranger(world).open()
        target = f"{ALICE};{uri}" if uri else ALICE
        boss.send(with_lines(await boss.signed("boss", boss.request(method, target, to=f"<{ALICE}>")), asked))
        await pause(0.1)
        for arrived in [request for request in phone.requests if request.method == method]:
            phone.send(with_lines(reply(arrived, status, to_tag="phone"), answered))
        await pause(60)
        sent = enumerate(world.network.sent)
        told = {f"{at}": octets for at, (_, flow, octets) in sent if flow.local == SERVER}
        assert canary.sing(told) == []
        assert canary.sing({"events": repr(world.events).encode()}) == []

    in_world(test)


@given(
    parameters("pn-prid", "pn-tok"),
    st.sampled_from(("<sip:me@h;{};ob>", "<sip:me@h>;{}", "sip:me@h;{}", "<sip:me;{}@h>")),
)
@settings(derandomize=True, deadline=None, max_examples=60, phases=(Phase.explicit, Phase.generate, Phase.shrink))
def test_however_a_phone_registers_its_token_no_other_phone_of_the_account_gets_it(param: str, contact: str) -> None:
    canary = Canary()
    canary.learn(CANARY)

    async def test(world: World) -> None:
        own = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        other = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        ok = await own.ask_as("alice", own.register("alice", contact=contact.format(param)))
        assert param in (ok.headers.get("contact") or "")
        shown = (await other.ask_as("alice", other.register("alice"))).headers.values("contact")
        assert len(shown) == 2
        boss = await Stranger(world).open()
        boss.send(await boss.signed("boss", boss.request("INVITE", ALICE)))
        await pause(60)
        assert "INVITE" in [request.method for request in own.requests]
        told = [octets for _, flow, octets in world.network.sent if flow.local == SERVER]
        told.remove(ok.encode())
        assert canary.sing({f"{at}": octets for at, octets in enumerate(told)}) == []
        assert canary.sing({"events": repr(world.events).encode()}) == []

    in_world(test)
