"""The phone's connection to the server: registering, writing, and what becomes of both when it breaks."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from tests.softphone.hand_server import ALICE, CHALLENGE, SERVER, Scene, on_stage
from tests.support.ids import SeededIds
from tests.support.virtual_loop import pause

from ringwake.secret import Secret
from ringwake.sip.flow import Transport
from ringwake.softphone.line import RegisterError
from ringwake.softphone.line_events import InviteArrived, LineEvent, LineLost
from ringwake.ua.registration import Granted, PushContact, Registration

INSTANCE = "urn:uuid:00000000-0000-4000-8000-000000000001"
STREAMS = [Transport.TCP, Transport.TLS, Transport.WS, Transport.WSS]


def registration() -> Registration:
    return Registration(identity=ALICE, instance=INSTANCE, ids=SeededIds(Random(2)))


@pytest.mark.parametrize("transport", list(Transport))
def test_it_registers_and_answers_the_challenge(transport: Transport) -> None:
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.register(registration(), expires=600))
        scene.server.answer(await scene.server.request("REGISTER"), 401, ("www-authenticate", CHALLENGE))
        again = await scene.server.request("REGISTER", 2)
        assert again.headers.get("authorization")
        assert again.headers.get("expires") == "600"
        scene.server.answer(again, 200, ("contact", f'<sip:alice@x>;expires=500;+sip.instance="<{INSTANCE}>"'))
        assert await task == Granted(500, has_push=False)

    on_stage(play, transport=transport)


def test_the_next_register_counts_on_from_the_one_with_credentials() -> None:
    async def play(scene: Scene) -> None:
        kept = registration()
        for _ in range(2):
            task = scene.network.loop.create_task(scene.line.register(kept, expires=600))
            number = sum(b"REGISTER sip:" in message for message in scene.server.recorder.messages) + 1
            scene.server.answer(await scene.server.request("REGISTER", number), 401, ("www-authenticate", CHALLENGE))
            scene.server.answer(await scene.server.request("REGISTER", number + 1), 200)
            await task
        numbers = [message.cseq.number for message in scene.server.heard]
        assert numbers == [1, 2, 3, 4]

    on_stage(play)


FLOW = ("require", "outbound")
OWN = ("contact", f'<sip:alice@x>;expires=600;+sip.instance="<{INSTANCE}>"')


async def registered(scene: Scene, *fields: tuple[str, str]) -> Granted:
    task = scene.network.loop.create_task(scene.line.register(registration(), expires=600))
    scene.server.answer(await scene.server.request("REGISTER"), 200, OWN, *fields)
    return await task


def pings(scene: Scene) -> list[float]:
    """Return when the phone has pinged."""
    return [at for at, flow, octets in scene.network.sent if octets == b"\r\n\r\n" and flow.remote == SERVER]


@pytest.mark.parametrize(
    ("transport", "timer", "shortest", "longest"),
    [
        (Transport.TCP, "", 95, 120),
        (Transport.WSS, "60", 48, 60),
        (Transport.UDP, "", 24, 29),
    ],
)
def test_a_flow_is_kept_alive_by_the_phone(
    transport: Transport, timer: str, shortest: float, longest: float
) -> None:  # O16
    async def play(scene: Scene) -> None:
        await registered(scene, FLOW, *([("flow-timer", timer)] if timer else []))
        begun = scene.network.loop.time()
        await pause(1000)
        moments = [begun, *pings(scene)]
        gaps = [later - before for before, later in itertools.pairwise(moments)]
        assert all(shortest <= gap <= longest + 0.001 for gap in gaps), gaps
        assert len(gaps) >= 1000 // longest
        assert len(set(gaps)) == len(gaps), "each is drawn anew"
        assert not scene.line.is_lost

    on_stage(play, transport=transport)


def test_who_can_be_woken_pings_seldom() -> None:
    async def play(scene: Scene) -> None:
        kept = registration()
        kept.push = PushContact(provider="fcm", param="demo", prid=Secret("token"))
        task = scene.network.loop.create_task(scene.line.register(kept, expires=600))
        caps = ("feature-caps", '*;+sip.pns="fcm"')
        scene.server.answer(await scene.server.request("REGISTER"), 200, OWN, FLOW, caps)
        assert (await task).has_push
        begun = scene.network.loop.time()
        await pause(900)
        (at,) = pings(scene)
        assert 672 <= at - begun <= 840

    on_stage(play)


@pytest.mark.parametrize(
    "fields",
    [[], [("flow-timer", "60")], [FLOW, ("contact", "<sip:other@x>;expires=60")]],
    ids=["none", "timer", "gone"],
)
def test_what_the_server_knows_for_no_flow_is_not_kept_alive(fields: list[tuple[str, str]]) -> None:  # O3
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.register(registration(), expires=0))
        scene.server.answer(await scene.server.request("REGISTER"), 200, *fields)
        await task
        await pause(1000)
        assert pings(scene) == []

    on_stage(play)


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.UDP])
def test_a_flow_without_a_pong_in_ten_seconds_has_failed(transport: Transport) -> None:  # O16
    async def play(scene: Scene) -> None:
        await registered(scene, FLOW)
        scene.server.carrier.arrived = lambda *_: None  # type: ignore[method-assign]  # a black hole
        while not scene.line.is_lost:
            await pause(0.5)
        (at,) = pings(scene)
        assert scene.network.loop.time() - at == pytest.approx(10, abs=0.6)
        assert scene.events == [LineLost()]
        await pause(1000)
        assert len(pings(scene)) == 1
        assert scene.events == [LineLost()], "once"

    on_stage(play, transport=transport)


def test_its_calls_get_the_purr_of_the_last_register_and_none_once_it_has_none() -> None:  # U14
    async def play(scene: Scene) -> None:
        kept = registration()
        kept.push = PushContact(provider="fcm", param="demo", prid=Secret("token"))
        for number, purr in enumerate(["p1", "p2", ""], 1):
            task = scene.network.loop.create_task(scene.line.register(kept, expires=600))
            caps = f'*;+sip.pns="fcm";+sip.pnspurr="{purr}"'
            scene.server.answer(await scene.server.request("REGISTER", number), 200, OWN, ("feature-caps", caps))
            await task
            scene.line.conversations.call("sip:boss@example.com")
        contacts = [(await scene.server.request("INVITE", n)).headers.get("contact") or "" for n in (1, 2, 3)]
        assert [contact.partition(";transport=tcp")[2] for contact in contacts] == [";pn-purr=p1>", ";pn-purr=p2>", ">"]

    on_stage(play)


def test_where_the_first_hop_knows_no_flows_it_registers_without() -> None:  # O4
    async def play(scene: Scene) -> None:
        kept = registration()
        task = scene.network.loop.create_task(scene.line.register(kept, expires=600))
        scene.server.answer(await scene.server.request("REGISTER"), 439)
        again = await scene.server.request("REGISTER", 2)
        assert "reg-id" not in (again.headers.get("contact") or "")
        assert "outbound" not in again.headers.values("supported")
        scene.server.answer(again, 439)
        with pytest.raises(RegisterError, match="439"):
            await task
        assert not scene.line.is_lost

    on_stage(play)


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_refused_register_says_its_status(status: int) -> None:
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.register(registration(), expires=600))
        scene.server.answer(await scene.server.request("REGISTER"), status)
        with pytest.raises(RegisterError, match=f"answered {status}") as caught:
            await task
        assert caught.value.status == status

    on_stage(play)


def test_a_register_without_an_answer_says_so() -> None:
    async def play(scene: Scene) -> None:
        with pytest.raises(RegisterError, match="was not answered") as caught:
            await scene.line.register(registration(), expires=600)
        assert caught.value.status == 0

    on_stage(play, transport=Transport.UDP)


def test_a_text_reaches_the_server_with_credentials() -> None:
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.message("sip:bob@example.com", "grüß dich"))
        request = await scene.server.request("MESSAGE")
        assert (request.uri, request.body.decode()) == ("sip:bob@example.com", "grüß dich")
        scene.server.answer(request, 407, ("proxy-authenticate", CHALLENGE))
        scene.server.answer(await scene.server.request("MESSAGE", 2), 202)
        assert await task == 202

    on_stage(play)


def test_a_text_without_an_answer_is_status_0() -> None:
    async def play(scene: Scene) -> None:
        assert await scene.line.message("sip:bob@example.com", "hello") == 0

    on_stage(play)


def test_a_refused_text_says_its_status() -> None:
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.message("sip:bob@example.com", "hello"))
        request = await scene.server.request("MESSAGE")
        scene.server.answer(request, 100, to_tag="")
        scene.server.answer(request, 404)
        scene.server.answer(request, 404)
        assert await task == 404

    on_stage(play)


@pytest.mark.parametrize("transport", STREAMS)
def test_a_connection_that_the_server_closes_is_reported_and_ends_what_waits(transport: Transport) -> None:
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.message("sip:bob@example.com", "hello"))
        await scene.server.request("MESSAGE")
        scene.server.carrier.close_flow(scene.server.flow)
        assert await task == 0
        assert scene.events == [LineLost()]
        assert scene.line.is_lost

    on_stage(play, transport=transport)


def test_a_line_that_was_lost_opens_again_with_its_calls() -> None:
    async def play(scene: Scene) -> None:
        _, _, call = await scene.up()
        scene.server.carrier.close_flow(scene.server.flow)
        await pause(1)
        await scene.line.open()
        assert not scene.line.is_lost
        scene.line.conversations.hang_up(call)
        await scene.server.request("BYE")

    on_stage(play)


def test_a_line_that_slept_opens_again_with_the_calls_that_were_up() -> None:  # U14
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        ringing, _ = await scene.rings(call_id="call-2")
        scene.line.conversations.call("sip:boss@example.com")
        await scene.server.request("INVITE")
        await scene.line.suspend()
        await scene.settle()
        assert LineLost() not in scene.events
        assert scene.line.get_timer() is None
        await scene.line.open()
        assert await scene.server.tell("BYE", call_id=ringing.call_id, to_tag="x") == 481
        for method, status in (("INVITE", 488), ("BYE", 200)):
            sent = scene.server.within(method, invite, ok)
            scene.server.send(sent)
            assert (await scene.server.response(sent)).status == status
        assert (call.ending, scene.line.is_lost) == ("bye", False)

    on_stage(play)


def test_our_own_call_that_was_up_is_hung_up_over_the_connection_of_now() -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call("sip:boss@example.com")
        scene.server.answer(await scene.server.request("INVITE"), 200, ("contact", "<sip:boss@10.0.0.9>"))
        await scene.server.request("ACK")
        await scene.line.suspend()
        await scene.line.open()
        scene.line.conversations.hang_up(call)
        bye = await scene.server.request("BYE")
        assert str(bye.via).startswith(f"SIP/2.0/TCP {scene.line.flow.local};")
        scene.server.answer(bye, 200)

    on_stage(play)


def test_a_connection_that_we_close_is_not_lost() -> None:
    async def play(scene: Scene) -> None:
        task = scene.network.loop.create_task(scene.line.message("sip:bob@example.com", "hello"))
        await scene.server.request("MESSAGE")
        await scene.line.close()
        assert await task == 0
        await pause(1)
        assert scene.events == []

    on_stage(play)


def test_an_older_connection_that_closes_late_is_not_the_line() -> None:
    async def play(scene: Scene) -> None:
        older = scene.server.flow
        await scene.line.open()
        scene.server.carrier.close_flow(older)
        await pause(1)
        assert not scene.line.is_lost

    on_stage(play)


def test_it_cannot_be_opened_where_nobody_listens() -> None:
    async def play(scene: Scene) -> None:
        await scene.server.close()
        with pytest.raises(ConnectionRefusedError):
            await scene.line.open()
        with pytest.raises(AssertionError, match="open"):
            _ = scene.line.flow

    on_stage(play, opens=False)


def test_what_is_no_sip_and_what_nobody_asked_for_is_ignored() -> None:
    async def play(scene: Scene) -> None:
        scene.server.send(b"nonsense\r\n\r\n")
        asked = scene.server.write("MESSAGE")
        scene.server.send(
            b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP x;branch=z9hG4bKx\r\n" + asked.encode().partition(b"\r\n")[2]
        )
        await pause(1)
        assert scene.events == []

    on_stage(play)


def test_the_answer_to_a_cancel_is_not_that_of_its_call() -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call("sip:bob@example.com")
        invite = await scene.server.request("INVITE")
        scene.server.answer(invite, 180)
        await scene.settle()
        scene.line.conversations.cancel(call)
        scene.server.answer(await scene.server.request("CANCEL"), 481)
        await scene.settle()
        assert scene.states == ["ringing"]
        await pause(200)  # the INVITE is never answered
        assert scene.states == ["ringing", "ended"]

    on_stage(play)


def test_an_error_in_whoever_listens_does_not_stop_the_line() -> None:
    async def play(scene: Scene) -> None:
        def broken(event: LineEvent) -> None:
            scene.events.append(event)
            raise ValueError("broken")

        scene.line.conversations._on_event = broken
        await scene.rings(call_id="one")
        (fault,) = scene.faults
        assert (fault["message"], str(fault["exception"])) == ("softphone: RequestArrived", "broken")
        scene.faults.clear()
        scene.line.conversations._on_event = scene.take
        await scene.rings(call_id="two")
        assert [type(event) for event in scene.events] == [InviteArrived, InviteArrived]

    on_stage(play)
