"""Other requests outside a dialog: they reach the phones that are awake as they came; some wake those that sleep."""

from __future__ import annotations

import pytest
from tests.support.in_world import asleep, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, World

from ringwake.sip.flow import Address, Transport
from ringwake.sip.methods import ACK, BYE, CANCEL, INFO, INVITE, KNOWN, MESSAGE, PRACK, REGISTER, UPDATE

ALICE = f"sip:alice@{DOMAIN}"
WAKING = {"NOTIFY", "REFER", "SUBSCRIBE"}
METHODS = [*sorted(KNOWN - {ACK, BYE, CANCEL, INFO, INVITE, MESSAGE, PRACK, REGISTER, UPDATE}), "NEWMETHOD"]


async def phones(world: World, count: int) -> list[Stranger]:
    """Register phones of alice that are awake and have no token."""
    found = [await Stranger(world, address=Address("10.0.0.50", 4000 + number)).open() for number in range(count)]
    for phone in found:
        assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
    return found


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_method_and_unknown_fields_pass_unchanged(method: str) -> None:
    """RFC 3261 section 16.3 step 1."""

    async def test(world: World) -> None:
        (phone,) = await phones(world, 1)
        await asleep(world)
        boss = await Stranger(world).open()
        fields = ("X-Foo:  as it \t came ", "Date: broken", "Require: foo", "Event: reg")
        request = await boss.signed("boss", boss.request(method, ALICE, *fields, body=b"\0body"))
        boss.send(request)
        await pause(0.1)
        (arrived,) = phone.requests
        assert (arrived.method, arrived.uri, arrived.body) == (method, f"sip:alice@{phone.address}", b"\0body")
        octets = phone.recorder.messages[-1]
        assert all(f"\r\n{field}\r\n".encode() in octets for field in fields)
        assert arrived.headers.get("max-forwards") == "69"
        assert len(arrived.headers.values("record-route")) == 2
        phone.answer(arrived, 200, ("x-answer", "kept"))
        await pause(0.1)
        answer = boss.responses_to(request)[-1]
        assert (answer.status, answer.headers.get("x-answer")) == (200, "kept")
        assert world.provider.pushes == []

    in_world(test)


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TLS])
@pytest.mark.parametrize("method", sorted({*METHODS} - WAKING))
def test_a_phone_that_sleeps_is_480_at_once_and_not_woken(method: str, transport: Transport) -> None:
    """PBXs ask OPTIONS each minute: woken for that, a phone would never sleep."""

    async def test(world: World) -> None:
        await asleep(world, transport=transport)
        boss = await Stranger(world).open()
        answer = await boss.ask_as("boss", boss.request(method, ALICE), seconds=0.1)
        assert answer.status == 480
        assert world.provider.pushes == []

    in_world(test)


def test_all_phones_that_are_awake_get_it_and_the_best_answer_is_said() -> None:
    async def test(world: World) -> None:
        found = await phones(world, 3)
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request("OPTIONS", ALICE))
        boss.send(request)
        await pause(0.1)
        for phone, status in zip(found, (486, 500, 200), strict=True):
            phone.answer(phone.requests[-1], status)
        await pause(0.1)
        assert [answer.status for answer in boss.responses_to(request)] == [200]

    in_world(test)


def test_a_phone_that_says_nothing_is_no_408() -> None:
    """RFC 4320 section 4.2."""

    async def test(world: World) -> None:
        await phones(world, 1)
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request("OPTIONS", ALICE))
        answer = await boss.ask(request, seconds=40)
        assert answer is not None
        assert answer.status == 480

    in_world(test)


def test_what_one_phone_registers_twice_is_sent_once() -> None:
    """RFC 5626 section 7: one contact of an instance at a time."""

    async def test(world: World) -> None:
        found = [await Stranger(world, address=Address("10.0.0.50", 4000 + number)).open() for number in range(2)]
        for number, phone in enumerate(found, start=1):
            contact = f'<sip:alice@{phone.address}>;+sip.instance="<urn:uuid:1>";reg-id={number}'
            assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200
            await pause(1)
        boss = await Stranger(world).open()
        boss.send(await boss.signed("boss", boss.request("OPTIONS", ALICE)))
        await pause(0.1)
        assert [len(phone.requests) for phone in found] == [0, 1]

    in_world(test)


async def sleeping(world: World, *, port: int = 4100) -> Stranger:
    """Register a phone of alice that has a token, and is gone."""
    phone = await Stranger(world, transport=Transport.TLS, address=Address("10.0.0.60", port)).open()
    contact = (
        f'<sip:al@{phone.address};pn-provider=fcm;pn-param={PROJECT};pn-prid=token-{port}>;+sip.instance="<{port}>"'
    )
    assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200
    await phone.close()
    await pause(60)
    return phone


async def returned(world: World, phone: Stranger) -> Stranger:
    """Let that phone register again, from another address."""
    number = phone.address.port
    again = await Stranger(world, transport=Transport.TLS, address=Address("10.0.0.61", number)).open()
    contact = f"<sip:al@{again.address};pn-provider=fcm;pn-param={PROJECT};pn-prid=token-{number}>"
    signed = await again.signed("alice", again.register("alice", contact=f'{contact};+sip.instance="<{number}>"'))
    assert [request for request in again.requests if request.method in WAKING] == [], "a challenge releases nothing"
    assert (await again.ask(signed)) is not None
    await pause(0.1)
    return again


@pytest.mark.parametrize("method", sorted(WAKING))
def test_some_methods_wake_a_phone_and_reach_it_down_the_flow_of_its_register(method: str) -> None:  # N2, N3, N18
    async def test(world: World) -> None:
        phone = await sleeping(world)
        boss = await Stranger(world, transport=Transport.UDP).open()
        request = await boss.signed("boss", boss.request(method, ALICE, "Event: message-summary", body=b"body"))
        for _ in range(3):  # the sender's retransmissions
            boss.send(request)
        await pause(1)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["wake"]
        assert boss.responses_to(request) == [], "no 100 before 3.5 seconds"
        again = await returned(world, phone)
        (arrived,) = [heard for heard in again.requests if heard.method == method]
        assert (arrived.uri, arrived.body) == (f"sip:al@{again.address}", b"body")
        again.answer(arrived, 202)
        await pause(0.1)
        assert [answer.status for answer in boss.responses_to(request)] == [202]
        assert len(world.provider.pushes) == 1

    in_world(test)


def test_a_phone_that_does_not_come_is_480_before_the_sender_gives_up() -> None:  # N9, N10, N16
    async def test(world: World) -> None:
        await sleeping(world)
        boss = await Stranger(world, transport=Transport.UDP).open()
        request = await boss.signed("boss", boss.request("NOTIFY", ALICE))
        began = world.loop.time()
        boss.send(request)
        await pause(3.4)
        assert boss.responses_to(request) == []
        await pause(20)
        assert [answer.status for answer in boss.responses_to(request)] == [100, 480]
        assert world.loop.time() - began < 32

    in_world(test)


def test_while_one_phone_is_awake_no_other_is_woken() -> None:
    async def test(world: World) -> None:
        await sleeping(world)
        (phone,) = await phones(world, 1)
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request("NOTIFY", ALICE))
        boss.send(request)
        await pause(0.1)
        phone.answer(phone.requests[-1], 200)
        await pause(20)
        assert [answer.status for answer in boss.responses_to(request)] == [200]
        assert world.provider.pushes == []

    in_world(test)


# ---- voice messages (RFC 3842)

SUMMARY = "Event: message-summary"


@pytest.mark.parametrize(
    ("fields", "body", "kind"),
    [
        ((SUMMARY,), b"Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n", "voicemail"),
        ((f"{SUMMARY};id=1",), b"Message-Account: sip:a@h\r\nmessages-waiting :\tYES\r\n", "voicemail"),
        (("o: Message-Summary",), b"Messages-Waiting: yes", "voicemail"),
        ((SUMMARY,), b"Messages-Waiting: no\r\n", "wake"),
        ((SUMMARY,), b"", "wake"),
        (("Event: reg",), b"Messages-Waiting: yes\r\n", "wake"),
    ],
)
def test_voice_messages_that_wait_are_told_and_the_notify_reaches_the_phone(
    fields: tuple[str, ...], body: bytes, kind: str
) -> None:
    async def test(world: World) -> None:
        phone = await sleeping(world)
        boss = await Stranger(world, transport=Transport.UDP).open()
        boss.send(await boss.signed("boss", boss.request("NOTIFY", ALICE, *fields, body=body)))
        await pause(1)
        (push,) = [push for _, push in world.provider.pushes]
        assert push.notice.kind == kind
        assert (push.notice.alert is not None) is (kind == "voicemail")
        again = await returned(world, phone)
        (arrived,) = [heard for heard in again.requests if heard.method == "NOTIFY"]
        assert arrived.body == body

    in_world(test)


def test_the_badge_of_a_voicemail_push_counts_what_is_unread() -> None:
    async def test(world: World) -> None:
        await sleeping(world)
        boss = await Stranger(world).open()
        assert (await boss.ask_as("boss", boss.request("MESSAGE", ALICE, body=b"hello"))).status == 202
        await pause(300)
        boss.send(await boss.signed("boss", boss.request("NOTIFY", ALICE, SUMMARY, body=b"Messages-Waiting: yes")))
        await pause(1)
        alert = world.pushed("voicemail")[0].notice.alert
        assert alert is not None
        assert alert.badge == 1

    in_world(test)
