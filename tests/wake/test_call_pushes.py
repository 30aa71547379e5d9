"""Claims about the pushes of one call: who is woken, what counts, and who is told of the end."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import UDP, request
from tests.wake.phones import AOR, SEAL, WALL, account, android, app, binding, iphone, voip_only, wall

from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.effects import Effects, Note, SendPush
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Kind, Push, PushTarget, Service, Unreachable
from ringwake.wake.announcement import announcement
from ringwake.wake.budget import Budget
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.call_pushes import CallPushes
from ringwake.wake.delivery import Delivery, Stage
from ringwake.wake.means import Means, Timing
from ringwake.wake.wait import Wait

WAKE = 20.0


class Desk:
    """The pushes of a call, and a budget that other calls share."""

    def __init__(self) -> None:
        invite = request("INVITE", "Contact: <sip:boss@198.51.100.7>")
        self.budget = Budget(window=WAKE)
        record = CallRecord(id="c1", trace="t", aor=AOR, invite=b"", flow=UDP, received_at=WALL, wake_until=WALL + WAKE)
        self.pushes = CallPushes(
            record,
            announcement(invite, account(), seal=SEAL, find_app=lambda _: app()),
            means=Means(timing=Timing(wake=WAKE), budget=self.budget, wall=wall, jitter=lambda: 0.5),
        )


def wait_for(phone: Binding) -> Wait:
    return Wait(phone, Delivery(now=0.0, until=WAKE, jitter=0.5))


def sent(effects: Effects) -> list[tuple[Push, str, str]]:
    return [(effect.push, effect.owner, effect.binding) for effect in effects if isinstance(effect, SendPush)]


def noted(effects: Effects) -> list[Event]:
    return [effect.event for effect in effects if isinstance(effect, Note)]


def test_a_phone_is_woken_by_the_name_that_all_its_flows_have() -> None:
    wait = wait_for(binding("b", first="a", push=iphone()))
    effects = Desk().pushes.wake(wait, 1.0)
    ((push, owner, device),) = sent(effects)
    assert (push.notice.kind, push.service, push.notice.seq, push.expires_at) == (
        Kind.CALL,
        Service.VOIP,
        0,
        WALL + WAKE,
    )
    assert (owner, device) == ("c1", "a")
    assert (wait.pushed_to, wait.is_in_flight) == (wait.binding, True)
    (event,) = noted(effects)
    assert (event.what, event.fields["device"], event.fields["attempt"]) == (Happened.PUSH_SENT, "b", 1)


@pytest.mark.parametrize("push", [None, PushTarget(app=android().app, tokens=())])
def test_a_phone_without_a_token_is_not_woken(push: PushTarget | None) -> None:
    wait = wait_for(binding(push=push))
    assert Desk().pushes.wake(wait, 1.0) == ()
    assert wait.delivery is not None
    assert wait.delivery.next_at is None


def test_what_another_call_has_sent_is_waited_for_and_said_once() -> None:
    desk, wait = Desk(), wait_for(binding())
    assert wait.binding.push is not None
    assert desk.budget.take(wait.binding.push, Kind.CALL, "another", 0.0)
    told = [desk.pushes.wake(wait, at) for at in (1.0, 1.5)]
    assert [[event.what for event in noted(effects)] for effects in told] == [[Happened.PUSH_SUPPRESSED], []]
    assert wait.pushed_to is None


def test_a_push_that_did_not_get_through_is_given_back() -> None:
    desk, wait = Desk(), wait_for(binding())
    target = wait.binding.push
    assert target is not None
    desk.pushes.wake(wait, 0.0)
    (accepted,) = noted(desk.pushes.outcome(wait.binding, Accepted("7"), 1.0))
    assert (accepted.what, accepted.fields) == (Happened.PUSH_ACCEPTED, {"device": "a", "id": "7"})
    assert not desk.budget.take(target, Kind.CALL, "another", 1.0)
    (failed,) = noted(desk.pushes.outcome(wait.binding, Unreachable("down"), 1.0))
    fields = {"device": "a", "outcome": "unreachable", "reason": "down"}
    assert (failed.what, failed.fields) == (Happened.PUSH_FAILED, fields)
    assert desk.budget.take(target, Kind.CALL, "another", 1.0)
    assert noted(desk.pushes.outcome(binding(push=None), Unreachable("down"), 1.0)) != []


def test_who_was_pushed_to_in_vain_is_told_the_end() -> None:
    desk, wait = Desk(), wait_for(binding("b", first="a"))
    assert desk.pushes.tell(wait, Kind.MISSED, 1.0) == (), "it was not pushed to"
    desk.pushes.wake(wait, 0.0)
    effects = desk.pushes.tell(wait, Kind.MISSED, 30.0)
    ((push, owner, device),) = sent(effects)
    assert (push.notice.kind, push.notice.seq, push.expires_at) == (Kind.MISSED, 1, WALL + 30.0 + NOTICE_SECONDS)
    assert (owner, device) == ("", "a")
    assert [event.fields["kind"] for event in noted(effects)] == ["missed"]
    wait.has_come = True
    assert desk.pushes.tell(wait, Kind.MISSED, 30.0) == ()


@pytest.mark.parametrize("push", [None, voip_only()])
def test_who_can_be_told_nothing_is_told_nothing(push: PushTarget | None) -> None:
    desk, wait = Desk(), wait_for(binding(push=voip_only()))
    desk.pushes.wake(wait, 0.0)
    wait.binding = binding(push=push)
    assert desk.pushes.tell(wait, Kind.CANCEL, 30.0) == ()
    assert wait.delivery is not None
    assert wait.delivery.stage is not Stage.DEAD
