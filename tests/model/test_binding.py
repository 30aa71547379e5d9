"""Claims about a binding's reachability."""

from dataclasses import replace

import pytest

from ringwake.model.account import Aor
from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding, DeviceState
from ringwake.model.push import PushTarget, Service
from ringwake.secret import Token
from ringwake.sip.flow import Address, Flow, Transport

PUSH = PushTarget(
    app=AppKey(Provider.FCM, "p"), tokens=((Service.ONLY, Token(provider="fcm", app="p", value="token")),)
)


def binding(push: PushTarget | None) -> Binding:
    flow = Flow(Transport.TLS, Address("192.0.2.1", 5061), Address("198.51.100.7", 40112))
    return Binding(
        id="b1", aor=Aor("al@h"), uri="sip:al@h", call_id="c", cseq=1, flow=flow, push=push,
        registered_at=1000.0, expires_at=2000.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("push", "is_live", "wall", "state"),
    [
        (PUSH, True, 1999.9, DeviceState.AWAKE),
        (None, True, 1999.9, DeviceState.AWAKE),
        (PUSH, False, 1999.9, DeviceState.ASLEEP),
        (None, False, 1999.9, DeviceState.UNREACHABLE),
        (PUSH, True, 2000.0, DeviceState.EXPIRED),
        (PUSH, False, 2000.1, DeviceState.EXPIRED),
    ],
)
def test_a_closed_flow_puts_a_phone_to_sleep_and_only_time_removes_it(
    push: PushTarget | None, is_live: bool, wall: float, state: DeviceState
) -> None:
    assert binding(push).state(is_live=is_live, wall=wall) is state


def test_a_phone_whose_token_is_dead_is_dead_while_it_has_no_live_flow_and_no_other_token() -> None:
    dead = replace(binding(None), dead_token=Provider.FCM)
    assert dead.state(is_live=False, wall=1999.9) is DeviceState.DEAD
    assert dead.state(is_live=True, wall=1999.9) is DeviceState.AWAKE
    assert dead.state(is_live=False, wall=2000.0) is DeviceState.EXPIRED
    assert replace(dead, push=PUSH).state(is_live=False, wall=1999.9) is DeviceState.ASLEEP


def test_a_phones_settings_are_known_by_its_instance_or_where_it_has_none_by_its_first_binding() -> None:
    assert replace(binding(None), instance="<urn:1>").handset == "<urn:1>"
    assert binding(None).handset == "b1"
    assert replace(binding(None), first="one").handset == "one"


def test_all_flows_of_a_phone_are_one_phone() -> None:  # RFC 5626
    first = binding(None)
    second = replace(first, id="b2", first="b1")
    assert (first.phone, second.phone) == ("b1", "b1")
    assert first.way == second.way, "what comes down the other flow is a retransmission"


def test_behind_a_proxy_each_registration_is_a_way_of_its_own() -> None:  # RFC 3327
    before = replace(binding(None), path=("<sip:edge;lr>",))
    after = replace(before, registered_at=1001.0)
    other = replace(before, id="b2", first="b1")
    assert len({before.way, after.way, other.way}) == 3
    assert before.way == replace(before).way


def test_what_is_for_one_phone_alone_is_for_all_its_flows_and_for_no_other() -> None:
    flow = replace(binding(None), id="b2", first="b1")
    assert [flow.is_meant(only) for only in ("", "b1", "b2", "b3")] == [True, True, True, False]
