"""Relayed calls through a whole server: each description is rewritten once, in order, and nothing hangs."""

from __future__ import annotations

from tests.edge.media.scripted_relay import (
    SDP,
    MediaWorld,
    calling,
    established,
    in_media_world,
    inside,
    marks,
    phones,
    respond,
)
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause

from ringwake.edge.media.journal import UNREAD
from ringwake.model.events import Happened
from ringwake.model.media import PLAIN, Manner
from ringwake.sip.flow import Address
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply


def finals(caller: Stranger) -> list[int]:
    return [status for status in caller.statuses if status >= 200][1:]  # the first is the challenge


def test_offer_and_answer_pass_rewritten_and_the_call_is_let_go_of_at_its_bye() -> None:
    async def test(world: MediaWorld) -> None:
        boss, phone, ok = await established(world)
        assert marks(phone.requests[-2]) == b"a=relayed:1"
        assert marks(ok) == b"a=relayed:2"
        assert world.media.roles == ["offer", "answer"]
        offer, answer = (asked.dialog for asked in world.media.asked)
        assert offer.branch == answer.branch == phone.requests[-2].via.branch
        assert (answer.offerer, answer.answerer) == (offer.offerer, "a1")
        bye = inside(boss, ok, "BYE", seq=9, is_caller=True)
        boss.send(bye)
        await pause(0.1)
        respond(phone, phone.requests[-1], 200)
        await pause(0.1)
        assert [r.status for r in boss.responses_to(bye)] == [200]
        assert world.media.open == {}
        assert world.gate.calls == 0

    in_media_world(test)


def test_the_body_and_its_length_agree_and_the_callers_own_message_is_parked_as_it_was() -> None:
    async def test(world: MediaWorld) -> None:
        phone = world.phone("alice")
        await phone.wake()
        await phone.sleep()
        await pause(1)
        phone.wakes = False
        await calling(world)
        assert world.media.asked == []  # no port is taken while a phone sleeps
        await phone.wake()
        await pause(0.1)
        (asked,) = world.media.asked
        assert asked.sdp == SDP
        assert len(phone.calls) == 1

    in_media_world(test)


def test_a_call_that_is_not_relayed_passes_in_the_same_turn() -> None:
    async def test(world: MediaWorld) -> None:
        world.relayed = False
        _, phone, ok = await established(world)
        assert phone.requests[-2].body == SDP
        assert ok.body == SDP
        assert world.media.asked == []
        assert world.gate.calls == 0

    in_media_world(test)


def test_each_phone_of_a_fork_has_a_leg_of_its_own_and_losers_are_let_go_of() -> None:
    async def test(world: MediaWorld) -> None:
        first, second = await phones(world, 2)
        boss, invite = await calling(world)
        assert {marks(phone.requests[-1]) for phone in (first, second)} == {b"a=relayed:1", b"a=relayed:2"}
        legs = {phone.requests[-1].via.branch for phone in (first, second)}
        assert world.media.open == {invite.call_id: legs}
        lost = second.requests[-1]
        respond(second, lost, 183, SDP, tag="b2")
        respond(first, first.requests[-1], 200, SDP)
        await pause(0.1)
        assert second.requests[-1].method == "CANCEL"
        respond(second, lost, 487, tag="b2")
        await pause(0.1)
        assert world.media.open == {invite.call_id: {first.requests[-1].via.branch}}
        assert [(r.status, marks(r)) for r in boss.responses_to(invite) if r.body] == [
            (183, b"a=relayed:3"),
            (200, b"a=relayed:4"),
        ]

    in_media_world(test)


def test_a_refusal_lets_go_of_the_call() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss, _ = await calling(world)
        respond(phone, phone.requests[-1], 486)
        await pause(0.1)
        assert finals(boss) == [486]
        assert world.media.open == {}
        assert world.gate.calls == 0

    in_media_world(test)


def test_a_phone_that_never_answers_lets_go_of_the_call() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        await calling(world)
        await phone.close()
        await pause(120)
        assert world.media.open == {}
        assert world.gate.calls == 0

    in_media_world(test)


def test_a_call_whose_relay_fails_gets_500_and_the_timeline_says_why() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        world.media.refusal, world.media.delay = "rtpengine did not answer", 1.0
        boss, invite = await calling(world)
        assert not any(request.method == "INVITE" for request in phone.requests)
        await pause(1.0)
        final = boss.responses_to(invite)[-1]
        assert (final.status, final.reason) == (500, "no media relay")
        assert final.headers.get("reason") == 'SIP;cause=500;text="no media relay"'
        (event,) = (e for e in world.events if e.what is Happened.REQUEST_REFUSED and e.fields["status"] == 500)
        assert event.trace == world.core.trace(invite)
        assert event.fields["rule"] == "no media relay: rtpengine did not answer"
        assert world.gate.calls == 0

    in_media_world(test)


def test_an_answer_whose_relay_fails_goes_on_as_it_is_and_is_noted() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss, invite = await calling(world)
        world.media.refusal = "rtpengine refused: no ports"
        respond(phone, phone.requests[-1], 200, SDP)
        await pause(0.1)
        assert boss.responses_to(invite)[-1].body == SDP
        assert "no media relay: rtpengine refused: no ports" in world.rules()

    in_media_world(test)


def test_a_cancel_while_the_relay_is_asked_keeps_the_invite_from_the_phone() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        world.media.delay = 0.5
        boss, invite = await calling(world)
        cancel = boss.request("CANCEL", invite.uri, call_id=invite.call_id, branch=invite.via.branch)
        for key in ("from", "to"):
            cancel.headers.set(key, invite.headers.get(key) or "")
        cancel.headers.set("cseq", f"{invite.cseq.number} CANCEL")
        boss.send(cancel)
        await pause(1)
        assert [request.method for request in phone.requests] == []
        assert boss.responses_to(invite)[-1].status == 487
        assert world.media.open == {}
        assert world.gate.calls == 0

    in_media_world(test)


def test_what_follows_a_response_that_waits_does_not_overtake_it() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss, invite = await calling(world)
        arrived = phone.requests[-1]
        world.media.delay = 0.5
        respond(phone, arrived, 183, SDP)
        await pause(0.1)
        world.media.delay = 0.01
        respond(phone, arrived, 180)
        respond(phone, arrived, 200, SDP)
        await pause(0.2)
        phone.send(inside(phone, _made(arrived), "BYE", seq=1, is_caller=False))
        await pause(0.1)
        assert boss.statuses[-1] == 100
        await pause(0.5)
        assert [message.start_line().split(" ")[1] for message in boss.heard[-4:-1]] == ["183", "180", "200"]
        assert boss.requests[-1].method == "BYE"
        assert invite.call_id not in world.media.open

    in_media_world(test)


def _made(arrived: Request) -> Response:
    routes = [("record-route", text) for text in arrived.headers.texts("record-route")]
    return reply(arrived, 200, to_tag="a1", headers=routes)


def test_other_calls_go_on_while_one_waits() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        world.media.delay = 0.9
        await calling(world)
        world.media.delay = 0.01
        other = await Stranger(world, address=Address("10.0.0.99", 4000)).open()
        asked = other.request("INVITE", "sip:alice@example.com", "Content-Type: application/sdp", body=SDP)
        other.send(await other.signed("boss", asked))
        await pause(0.1)
        assert [marks(request) for request in phone.requests] == [b"a=relayed:2"]
        await pause(1)
        assert [marks(request) for request in phone.requests] == [b"a=relayed:2", b"a=relayed:1"]

    in_media_world(test)


def test_a_pbx_gets_plain_rtp() -> None:
    async def test(world: MediaWorld) -> None:
        await phones(world)
        world.pbxs.add(Address("10.0.0.50", 4000))
        await calling(world)
        assert world.media.asked[0].to == PLAIN

    in_media_world(test)


def test_a_part_among_others_is_rewritten_and_the_others_arrive() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        parts = b"--b\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n--b\r\n\r\nmore\r\n--b--\r\n"
        await calling(world, parts, "Content-Type: multipart/mixed;boundary=b")
        assert phone.requests[-1].body == parts.replace(SDP, SDP + b"a=relayed:1\r\n")

    in_media_world(test)


def test_a_description_that_cannot_be_read_goes_on_as_it_is_and_is_noted() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        await calling(world, b"zipped", "Content-Type: application/sdp", "Content-Encoding: gzip")
        assert phone.requests[-1].body == b"zipped"
        assert UNREAD in world.rules()

    in_media_world(test)


def test_other_requests_and_phones_without_calls_are_none_of_its_business() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss = await Stranger(world).open()
        asked = boss.request("MESSAGE", "sip:alice@example.com", "Content-Type: text/plain", body=b"hi")
        boss.send(await boss.signed("boss", asked))
        await pause(0.1)
        assert phone.requests[-1].body == b"hi"
        assert world.gate.calls == 0

    in_media_world(test)


def test_a_strangers_refused_invite_leaves_nothing_behind() -> None:
    async def test(world: MediaWorld) -> None:
        boss = await Stranger(world).open()
        answer = await boss.ask(boss.request("INVITE", "sip:alice@example.com", body=SDP))
        assert answer is not None
        assert answer.status == 407
        assert world.gate.calls == 0

    in_media_world(test)


def test_manners_default_to_what_was_offered() -> None:
    async def test(world: MediaWorld) -> None:
        await phones(world)
        await calling(world, SDP + b"a=ice-ufrag:x\r\n")
        assert world.media.asked[0].to == Manner(is_ice=True)

    in_media_world(test)
