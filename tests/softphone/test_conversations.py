"""The phone's calls, both ways, and what it says to requests that it does not want."""

from __future__ import annotations

import asyncio

import pytest
from tests.softphone.hand_server import CHALLENGE, Scene, on_stage
from tests.support.virtual_loop import pause

from ringwake.sip.message import Request, Response
from ringwake.softphone.conversations import ALLOW
from ringwake.softphone.line_events import InviteArrived
from ringwake.ua.call import CallState

BOSS = "sip:boss@example.com"


def test_a_call_rings_and_says_who_it_is() -> None:
    async def play(scene: Scene) -> None:
        invite, call = await scene.rings()
        ringing = await scene.server.response(invite, 180)
        assert ringing.status == 180
        assert ringing.headers.get("contact") == f"<sip:alice@{scene.line.flow.local};transport=tcp>"
        assert scene.events == [InviteArrived(call, "Boss")]

    on_stage(play)


def test_a_caller_without_a_name_is_known_by_its_uri() -> None:
    async def play(scene: Scene) -> None:
        await scene.rings(sender="<sip:boss@example.com>;tag=b1")
        assert isinstance(scene.events[0], InviteArrived)
        assert scene.events[0].sender == BOSS

    on_stage(play)


def test_an_accepted_call_is_up_once_its_ack_has_come() -> None:
    async def play(scene: Scene) -> None:
        _, ok, call = await scene.up()
        assert (ok.status, call.state, scene.states) == (200, CallState.UP, ["answered", "up"])
        assert b"m=audio" in ok.body

    on_stage(play)


def test_a_200_is_sent_again_until_its_ack_comes() -> None:
    async def play(scene: Scene) -> None:
        invite, call = await scene.rings()
        scene.line.conversations.accept(call, scene.network.loop.time())
        await pause(4)
        assert scene.server.statuses.count(200) == 4  # at once, then after 0.5, 1.5 and 3.5 s (section 13.3.1.4)
        scene.server.send(scene.server.within("ACK", invite, await scene.server.response(invite)))
        await pause(60)
        assert scene.server.statuses.count(200) == 4
        assert call.state is CallState.UP

    on_stage(play)


def test_a_call_whose_caller_never_acknowledges_is_over() -> None:
    async def play(scene: Scene) -> None:
        _, call = await scene.rings()
        scene.line.conversations.accept(call, scene.network.loop.time())
        await pause(33)
        assert (call.state, call.ending, scene.states) == (CallState.ENDED, "no ack", ["answered", "ended"])

    on_stage(play)


@pytest.mark.parametrize("status", [486, 603])
def test_a_rejected_call_is_over(status: int) -> None:
    async def play(scene: Scene) -> None:
        invite, call = await scene.rings()
        scene.line.conversations.reject(call, status)
        assert (await scene.server.response(invite)).status == status
        assert (call.ending, scene.states) == ("rejected", ["ended"])

    on_stage(play)


def test_a_call_that_cannot_be_accepted_is_refused() -> None:
    async def play(scene: Scene) -> None:
        invite, call = await scene.rings(body=b"v=0\r\nm=video 4000 RTP/AVP 99\r\n")
        scene.line.conversations.accept(call, scene.network.loop.time())
        assert (await scene.server.response(invite)).status == 488
        assert scene.states == ["ended"]

    on_stage(play)


def test_a_caller_may_hang_up_while_it_rings() -> None:
    async def play(scene: Scene) -> None:
        invite, call = await scene.rings()
        assert await scene.server.tell("CANCEL", branch=invite.via.branch) == 200
        assert (await scene.server.response(invite)).status == 487
        assert (call.ending, scene.states) == ("cancelled", ["ended"])

    on_stage(play)


def test_a_cancel_that_crosses_the_answer_changes_nothing() -> None:
    async def play(scene: Scene) -> None:
        invite, _, call = await scene.up()
        cancel = scene.server.write("CANCEL", branch=invite.via.branch)
        scene.server.send(cancel)
        assert (await scene.server.response(cancel)).status in (200, 481)
        assert call.state is CallState.UP

    on_stage(play)


def test_a_cancel_of_nothing_is_481() -> None:
    async def play(scene: Scene) -> None:
        assert await scene.server.tell("CANCEL", call_id="unknown") == 481

    on_stage(play)


def test_a_second_copy_of_a_call_is_482() -> None:
    async def play(scene: Scene) -> None:
        await scene.rings()
        again = scene.server.invite()
        scene.server.send(again)
        assert (await scene.server.response(again)).status == 482
        assert len(scene.calls) == 1

    on_stage(play)


def test_a_call_keeps_its_session_when_the_caller_wants_another() -> None:
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        again = scene.server.within("INVITE", invite, ok, "Contact: <sip:boss@10.0.0.9>")
        scene.server.send(again)
        assert (await scene.server.response(again)).status == 488
        assert (call.state, len(scene.calls)) == (CallState.UP, 1)

    on_stage(play)


def test_an_invite_inside_a_call_of_ours_does_not_ring() -> None:
    async def play(scene: Scene) -> None:
        outgoing = scene.line.conversations.call(BOSS)
        scene.server.answer(await scene.server.request("INVITE"), 200, ("contact", "<sip:boss@10.0.0.9>"))
        await scene.server.request("ACK")
        assert await scene.server.tell("INVITE", call_id=outgoing.call_id, to_tag="x") == 488
        assert scene.calls == []

    on_stage(play)


def test_an_invite_inside_no_call_is_481() -> None:
    async def play(scene: Scene) -> None:
        assert await scene.server.tell("INVITE", call_id="unknown", to_tag="x") == 481
        assert scene.calls == []

    on_stage(play)


def test_the_caller_hangs_up() -> None:
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        bye = scene.server.within("BYE", invite, ok)
        scene.server.send(bye)
        assert (await scene.server.response(bye)).status == 200
        assert (call.ending, scene.states[-1]) == ("bye", "ended")

    on_stage(play)


def test_a_bye_of_nothing_is_481() -> None:
    async def play(scene: Scene) -> None:
        await scene.rings()
        assert await scene.server.tell("BYE", call_id="unknown") == 481
        assert await scene.server.tell("BYE", call_id="call-1") == 481  # it only rings: there is no dialog yet

    on_stage(play)


def test_we_hang_up_a_call_that_came() -> None:
    async def play(scene: Scene) -> None:
        _, _, call = await scene.up()
        scene.line.conversations.hang_up(call)
        await scene.server.request("BYE")
        assert (call.ending, scene.states[-1]) == ("bye", "ended")
        scene.line.conversations.hang_up(call)  # it is over already
        assert scene.states.count("ended") == 1

    on_stage(play)


def test_an_ack_of_nothing_is_absorbed() -> None:
    async def play(scene: Scene) -> None:
        scene.server.send(scene.server.write("ACK", call_id="unknown"))
        await scene.settle()
        assert scene.events == []

    on_stage(play)


def test_a_text_is_shown_with_its_sender() -> None:
    async def play(scene: Scene) -> None:
        assert await scene.server.tell("MESSAGE", call_id="m1", seq=4, body=b"hello") == 200
        (text,) = scene.texts
        assert (text.call_id, text.seq, text.sender, text.text) == ("m1", 4, "Boss", "hello")

    on_stage(play)


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE"])
def test_a_request_of_nobody_is_400(method: str) -> None:
    async def play(scene: Scene) -> None:
        assert await scene.server.tell(method, sender="<<>>") == 400
        assert scene.events == []

    on_stage(play)


@pytest.mark.parametrize("method", ["OPTIONS", "NOTIFY", "INFO", "UPDATE"])
def test_what_asks_for_nothing_is_200(method: str) -> None:
    async def play(scene: Scene) -> None:
        assert await scene.server.tell(method) == 200

    on_stage(play)


def test_a_method_that_we_do_not_know_is_405_and_names_those_we_do() -> None:
    async def play(scene: Scene) -> None:
        request = scene.server.write("SUBSCRIBE")
        scene.server.send(request)
        response = await scene.server.response(request)
        assert (response.status, response.headers.get("allow")) == (405, ALLOW)

    on_stage(play)


def test_our_call_rings_is_answered_and_hung_up() -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call(BOSS)
        invite = await scene.server.request("INVITE")
        assert invite.uri == BOSS
        scene.server.answer(invite, 180)
        await scene.settle()
        assert call.state is CallState.RINGING
        for count in (1, 2):  # the 200 again, because the ACK was lost
            scene.server.answer(invite, 200, ("contact", "<sip:boss@10.0.0.9>"))
            await scene.server.request("ACK", count)
        scene.line.conversations.hang_up(call)
        scene.server.answer(await scene.server.request("BYE"), 200)
        assert scene.states == ["ringing", "up", "up", "ended"]

    on_stage(play)


@pytest.mark.parametrize(("status", "field"), [(401, "www-authenticate"), (407, "proxy-authenticate")])
def test_our_call_answers_a_challenge(status: int, field: str) -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call(BOSS)
        scene.server.answer(await scene.server.request("INVITE"), status, (field, CHALLENGE))
        again = await scene.server.request("INVITE", 2)
        assert again.headers.get("authorization" if status == 401 else "proxy-authorization")
        scene.server.answer(again, 486)
        await scene.settle()
        assert (call.state, call.status) == (CallState.ENDED, 486)

    on_stage(play)


def test_our_call_is_cancelled() -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call(BOSS)
        invite = await scene.server.request("INVITE")
        scene.server.answer(invite, 180)
        await scene.settle()
        scene.line.conversations.cancel(call)
        scene.server.answer(await scene.server.request("CANCEL"), 200)
        scene.server.answer(invite, 487)
        await scene.settle()
        assert (call.state, call.status) == (CallState.ENDED, 487)

    on_stage(play)


def test_our_call_that_is_given_up_before_its_challenge_comes_is_not_tried_again() -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call(BOSS)
        scene.line.conversations.cancel(call)
        scene.server.answer(await scene.server.request("INVITE"), 401, ("www-authenticate", CHALLENGE))
        await pause(5)
        assert (call.state, scene.states) == (CallState.ENDED, ["ended"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await scene.server.request("INVITE", 2)

    on_stage(play)


def test_our_call_that_nobody_answers_is_over() -> None:
    async def play(scene: Scene) -> None:
        call = scene.line.conversations.call(BOSS)
        await pause(33)
        assert (call.state, scene.states) == (CallState.ENDED, ["ended"])

    on_stage(play)


def test_a_call_of_ours_says_by_what_it_may_wake_us_also_when_it_goes_out_again() -> None:  # U14
    async def play(scene: Scene) -> None:
        calls = scene.line.conversations
        calls.purr = "p1"
        calls.call(BOSS)
        first = await scene.server.request("INVITE")
        calls.purr = "p2"
        scene.server.answer(first, 401, ("www-authenticate", CHALLENGE))
        contact = f"<sip:alice@{scene.line.flow.local};transport=tcp;pn-purr=p1>"
        assert [(await scene.server.request("INVITE", n)).headers.get("contact") for n in (1, 2)] == [contact, contact]

    on_stage(play)


def test_a_call_to_us_is_answered_with_the_newest_purr_and_keeps_it() -> None:  # U14
    async def play(scene: Scene) -> None:
        calls, now = scene.line.conversations, scene.network.loop.time
        invite, call = await scene.rings()
        assert "pn-purr" not in ((await scene.server.response(invite, 180)).headers.get("contact") or "")
        calls.purr = "p1"  # the 200 to our REGISTER has come
        calls.accept(call, now())
        calls.purr = "p2"
        calls.accept(call, now())
        await pause(4)
        said = [m for m in scene.server.heard if isinstance(m, Response) and m.status == 200]
        assert {m.headers.get("contact") for m in said} == {
            f"<sip:alice@{scene.line.flow.local};transport=tcp;pn-purr=p1>"
        }
        another, _ = await scene.rings(call_id="call-2")
        assert ";pn-purr=p2>" in ((await scene.server.response(another, 180)).headers.get("contact") or "")

    on_stage(play)


# ---- a call in place of another (RFC 3891)


def named(invite: Request, ok: Response) -> str:
    """Return the Replaces that names a call to us."""
    to_tag = (ok.headers.get("to") or "").rpartition("tag=")[2]
    return f"Replaces: {invite.call_id};from-tag=b1;to-tag={to_tag}"


def test_a_call_in_place_of_one_that_is_up_is_answered_at_once_and_ends_that() -> None:
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        assert ok.headers.values("supported") == ["replaces"]
        other = scene.server.invite(named(invite, ok), call_id="call-2")
        scene.server.send(other)
        assert (await scene.server.response(other, 180)).status == 200
        bye = await scene.server.request("BYE")
        assert (bye.call_id, call.ending, scene.calls[-1].state) == (invite.call_id, "bye", CallState.ANSWERED)

    on_stage(play)


def test_a_call_of_ours_may_be_replaced_too() -> None:
    async def play(scene: Scene) -> None:
        ours = scene.line.conversations.call(BOSS)
        invite = await scene.server.request("INVITE")
        assert invite.headers.values("supported") == ["replaces"]
        scene.server.answer(invite, 200, ("contact", "<sip:boss@10.0.0.9>"), to_tag="b2")
        await scene.server.request("ACK")
        tag = (invite.headers.get("from") or "").rpartition("tag=")[2]
        other = scene.server.invite(f"Replaces: {ours.call_id};from-tag=b2;to-tag={tag}", call_id="call-2")
        scene.server.send(other)
        assert (await scene.server.response(other)).status == 200
        assert (await scene.server.request("BYE")).call_id == ours.call_id

    on_stage(play)


def test_a_call_in_place_of_another_that_cannot_be_answered_leaves_that_alone() -> None:
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        other = scene.server.invite(named(invite, ok), call_id="call-2", body=b"v=0\r\nm=video 4000 RTP/AVP 99\r\n")
        scene.server.send(other)
        assert (await scene.server.response(other)).status == 488
        assert call.state is CallState.UP

    on_stage(play)


@pytest.mark.parametrize(
    ("more", "status"),
    [("", 200), (";early-only", 486), (";x=y", 200), ("0", 481), (";to-tag=x", 400)],
)
def test_what_replaces_nothing_that_it_may_is_refused_and_changes_nothing(more: str, status: int) -> None:
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        assert await scene.server.tell("INVITE", "Contact: <sip:x@h>", named(invite, ok) + more, call_id="2") == status
        assert (call.state is CallState.UP) is (status != 200)

    on_stage(play)


def test_a_call_that_is_over_or_only_rings_is_not_replaced() -> None:
    async def play(scene: Scene) -> None:
        invite, ok, call = await scene.up()
        scene.line.conversations.hang_up(call)
        assert await scene.server.tell("INVITE", "Contact: <sip:x@h>", named(invite, ok), call_id="2") == 603
        ringing, _ = await scene.rings(call_id="call-3")
        early = named(ringing, await scene.server.response(ringing, 180))
        assert await scene.server.tell("INVITE", "Contact: <sip:x@h>", early, call_id="4") == 481

    on_stage(play)


def test_a_failed_request_that_is_no_call_changes_no_call() -> None:
    async def play(scene: Scene) -> None:
        scene.line.conversations.failed("z9hG4bK-unknown")
        assert scene.events == []

    on_stage(play)
