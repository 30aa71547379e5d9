"""Relayed calls once they are up: late offers, new offers, hanging up, and a server that has forgotten them."""

from __future__ import annotations

import pytest
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
from tests.support.virtual_loop import pause

from ringwake.edge.media.call import tags
from ringwake.model.media import Dialog, Role


def test_with_two_answers_a_bye_ends_one_of_them_alone() -> None:
    async def test(world: MediaWorld) -> None:
        first, second = await phones(world, 2)
        boss, invite = await calling(world)
        for phone, tag in ((first, "t1"), (second, "t2")):
            respond(phone, phone.requests[-1], 200, SDP, tag=tag)
        await pause(0.1)
        one, two = (r for r in boss.responses_to(invite) if r.status == 200)
        boss.send(inside(boss, two, "BYE", seq=7, is_caller=True))
        await pause(0.1)
        (released,) = world.media.released
        assert isinstance(released, Dialog)
        assert (released.offerer, released.answerer, released.branch) == (tags(invite)[0], "t2", "")
        first.send(inside(first, one, "BYE", seq=1, is_caller=False))
        await pause(0.1)
        assert world.media.released[1:] == [invite.call_id]
        assert world.gate.calls == 0

    in_media_world(test)


def test_an_invite_without_an_offer_is_offered_to_by_its_2xx_and_answered_by_its_ack() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss, invite = await calling(world, b"")
        assert world.media.asked == []
        respond(phone, phone.requests[-1], 200, SDP)
        await pause(0.1)
        ok = boss.responses_to(invite)[-1]
        boss.send(inside(boss, ok, "ACK", seq=invite.cseq.number, is_caller=True, body=SDP))
        await pause(0.1)
        assert world.media.roles == ["offer", "answer"]
        assert {(a.dialog.offerer, a.dialog.answerer) for a in world.media.asked} == {("a1", tags(invite)[0])}
        assert (marks(ok), marks(phone.requests[-1])) == (b"a=relayed:1", b"a=relayed:2")

    in_media_world(test)


def test_an_ack_whose_relay_fails_goes_on_as_it_is() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss, invite = await calling(world, b"")
        respond(phone, phone.requests[-1], 200, SDP)
        await pause(0.1)
        world.media.refusal = "gone"
        ok = boss.responses_to(invite)[-1]
        boss.send(inside(boss, ok, "ACK", seq=invite.cseq.number, is_caller=True, body=SDP))
        await pause(0.1)
        assert phone.requests[-1].body == SDP
        assert "no media relay: gone" in world.rules()

    in_media_world(test)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("is_caller", [True, False])
def test_a_new_offer_inside_the_dialog_is_relayed_either_way(method: str, is_caller: bool) -> None:
    async def test(world: MediaWorld) -> None:
        boss, phone, ok = await established(world)
        sender, receiver = (boss, phone) if is_caller else (phone, boss)
        asked = inside(sender, ok, method, seq=9, is_caller=is_caller, body=SDP)
        sender.send(asked)
        await pause(0.1)
        assert marks(receiver.requests[-1]) == b"a=relayed:3"
        respond(receiver, receiver.requests[-1], 200, SDP)
        await pause(0.1)
        assert marks(sender.responses_to(asked)[-1]) == b"a=relayed:4"
        offer, answer = world.media.asked[2:]
        assert (offer.role, answer.role) == (Role.OFFER, Role.ANSWER)
        assert offer.dialog == answer.dialog
        assert (offer.dialog.offerer == "a1") is not is_caller
        assert offer.dialog.branch == ""

    in_media_world(test)


def test_a_new_offer_that_is_refused_leaves_the_call_as_it_is() -> None:
    async def test(world: MediaWorld) -> None:
        boss, phone, ok = await established(world)
        asked = inside(boss, ok, "INVITE", seq=9, is_caller=True, body=SDP)
        boss.send(asked)
        await pause(0.1)
        respond(phone, phone.requests[-1], 488)
        await pause(0.1)
        assert boss.responses_to(asked)[-1].status == 488
        assert world.media.released == []
        assert world.gate.calls == 1

    in_media_world(test)


def test_after_a_restart_a_call_is_known_by_the_same_rule() -> None:
    async def test(world: MediaWorld) -> None:
        boss, phone, ok = await established(world)
        world.gate._book.forget(world.gate._book._calls[ok.call_id])
        asked = inside(boss, ok, "INVITE", seq=9, is_caller=True, body=SDP)
        boss.send(asked)
        await pause(0.1)
        respond(phone, phone.requests[-1], 200, SDP)
        await pause(0.1)
        assert marks(boss.responses_to(asked)[-1]) == b"a=relayed:4"
        world.gate._book.forget(world.gate._book._calls[ok.call_id])
        phone.send(inside(phone, ok, "BYE", seq=1, is_caller=False))
        await pause(0.1)
        assert world.media.open == {}

    in_media_world(test)


def test_a_2xx_that_comes_again_is_rewritten_as_before_and_not_asked_about() -> None:
    async def test(world: MediaWorld) -> None:
        (phone,) = await phones(world)
        boss, invite = await calling(world)
        for _ in range(3):
            respond(phone, phone.requests[-1], 200, SDP)
            await pause(0.1)
        assert [marks(r) for r in boss.responses_to(invite) if r.status == 200] == [b"a=relayed:2"] * 3
        assert len(world.media.asked) == 2

    in_media_world(test)
