"""Claims about who is called at once, who is woken first, and who is left alone."""

from __future__ import annotations

import pytest
from tests.wake.phones import WALL, android, binding, browser, flow, iphone, target, voip_only

from ringwake.model.binding import Binding
from ringwake.model.push import Kind, PushTarget
from ringwake.sip.flow import Flow, Transport
from ringwake.wake.plan import UDP_AWAKE_SECONDS, Action, is_awake, plan

LIVE, GONE = flow(1), flow(2)
RING, WAKE, SKIP = Action.RING, Action.WAKE, Action.SKIP
REMOTE_ONLY = target(iphone().app, remote="r")


def is_live(asked: Flow) -> bool:
    return asked.serial == LIVE.serial


def planned(*bindings: Binding, kind: Kind = Kind.CALL) -> dict[str, Action]:
    return {t.binding.id: t.action for t in plan(bindings, is_live=is_live, wall=WALL, kind=kind)}


@pytest.mark.parametrize(
    ("push", "on", "kind", "action"),
    [
        (android(), LIVE, Kind.CALL, RING),
        (None, LIVE, Kind.CALL, RING),
        (android(), GONE, Kind.CALL, WAKE),
        (None, GONE, Kind.CALL, SKIP),
        (browser(), GONE, Kind.CALL, WAKE),
        (iphone(), GONE, Kind.CALL, WAKE),
        (REMOTE_ONLY, GONE, Kind.CALL, WAKE),
        (voip_only(), GONE, Kind.CALL, WAKE),
        (voip_only(), GONE, Kind.MESSAGE, SKIP),  # a VoIP push only announces a call
        (voip_only(), LIVE, Kind.MESSAGE, RING),
        (iphone(), GONE, Kind.MESSAGE, WAKE),
    ],
)
def test_a_phone_is_called_woken_or_left_alone(push: PushTarget | None, on: Flow, kind: Kind, action: Action) -> None:
    assert planned(binding(push=push, flow=on), kind=kind) == {"a": action}


@pytest.mark.parametrize("on", [LIVE, GONE])
@pytest.mark.parametrize("left", [0.0, -1.0])
def test_a_binding_that_has_expired_is_neither_called_nor_pushed_to(on: Flow, left: float) -> None:  # standards P4
    assert planned(binding(flow=on, expires_at=WALL + left)) == {"a": SKIP}


@pytest.mark.parametrize(
    ("age", "push", "transport", "awake"),
    [
        (0.0, android(), Transport.UDP, True),
        (UDP_AWAKE_SECONDS, android(), Transport.UDP, True),
        (UDP_AWAKE_SECONDS + 0.1, android(), Transport.UDP, False),
        (86400.0, None, Transport.UDP, True),  # nothing else can be done for it
        (86400.0, android(), Transport.TCP, True),
        (86400.0, android(), Transport.WSS, True),
    ],
)
def test_a_datagram_socket_that_was_closed_says_nothing(
    age: float, push: PushTarget | None, transport: Transport, awake: bool
) -> None:
    phone = binding(push=push, flow=flow(1, transport), registered_at=WALL - age)
    assert is_awake(phone, is_live=is_live, wall=WALL) is awake
    assert planned(phone) == {"a": RING if awake else WAKE}


@pytest.mark.parametrize(
    ("flows", "chosen"),
    [
        # From the newest to the oldest: its flow, its token, and then who is tried and who after that.
        ([(LIVE, None), (LIVE, None)], ("1", RING, "2")),
        ([(GONE, None), (LIVE, None), (LIVE, android())], ("2", RING, "3")),
        ([(GONE, android()), (LIVE, android())], ("2", RING, "")),
        ([(GONE, None), (GONE, android()), (GONE, android())], ("2", WAKE, "")),
        ([(GONE, None), (GONE, None)], ("1", SKIP, "")),
    ],
)
def test_a_phone_is_tried_by_one_of_its_flows_at_a_time(
    flows: list[tuple[Flow, PushTarget | None]], chosen: tuple[str, Action, str]
) -> None:  # standards O24
    bindings = [
        binding(str(number), instance="<urn:x>", reg_id=number, flow=on, push=push, registered_at=WALL - number)
        for number, (on, push) in enumerate(flows, start=1)
    ]
    other = binding("other", instance="<urn:y>", registered_at=WALL - 90, flow=LIVE)
    first, second = plan([*bindings, other], is_live=is_live, wall=WALL, kind=Kind.CALL)
    assert (first.binding.id, first.action, "".join(b.id for b in first.others)) == chosen
    assert (second.binding.id, second.action, second.others) == ("other", RING, ())


def test_flows_that_lost_their_instance_are_still_one_phones() -> None:
    one, two = binding("a", flow=LIVE), binding("b", first="a", flow=LIVE)
    (target,) = plan([one, two], is_live=is_live, wall=WALL, kind=Kind.CALL)
    assert (target.binding.id, target.others) == ("a", (two,))


@pytest.mark.parametrize(("push", "awake"), [(android(), False), (None, True)])
def test_the_open_flow_of_a_proxy_does_not_show_that_the_phone_behind_it_is_awake(
    push: PushTarget | None, awake: bool
) -> None:
    phone = binding(push=push, flow=LIVE, path=("<sip:edge;lr>",))
    assert is_awake(phone, is_live=is_live, wall=WALL) is awake
    just_now = binding(push=push, flow=LIVE, path=("<sip:edge;lr>",), registered_at=WALL - UDP_AWAKE_SECONDS)
    assert is_awake(just_now, is_live=is_live, wall=WALL)


def test_phones_without_an_instance_are_all_different() -> None:
    phones = [binding(device, registered_at=WALL - age, flow=LIVE) for device, age in (("b", 5), ("a", 5), ("c", 1))]
    assert list(planned(*phones)) == ["c", "a", "b"], "newest first, then by id: the same on every run"
    assert planned() == {}
