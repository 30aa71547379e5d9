"""Which flow leads to which phone right now."""

from __future__ import annotations

from dataclasses import replace

from tests.support.sip_messages import LOCAL, PEER, TCP, UDP

from ringwake.edge.presence import Presence
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.sip.flow import Flow

ALICE = Aor("alice@example.com")
BOB = Aor("bob@example.com")
OTHER = TCP._replace(serial=2)


def binding(name: str = "b1", flow: Flow = TCP, *, instance: str = "", path: tuple[str, ...] = ()) -> Binding:
    return Binding(
        id=name,
        aor=ALICE,
        uri="sip:alice@h",
        call_id="c",
        cseq=1,
        flow=flow,
        instance=instance,
        path=path,
        registered_at=0.0,
        expires_at=60.0,
    )


class Wires:
    def __init__(self) -> None:
        self.dead: set[Flow] = set()
        self.presence = Presence(lambda flow: flow not in self.dead)


def test_a_phone_is_behind_the_flow_that_registered_last() -> None:
    presence = Wires().presence
    assert presence.flow_of("b1") is None
    presence.registered(binding())
    assert presence.flow_of("b1") == TCP
    assert presence.binding_of(TCP, ALICE) == "b1"
    presence.registered(binding(flow=OTHER))
    assert presence.flow_of("b1") == OTHER
    assert presence.binding_of(TCP, ALICE) == ""
    assert presence.binding_of(OTHER, ALICE) == "b1"


def test_a_dead_flow_leads_nowhere_even_before_anybody_has_said_so() -> None:
    wires = Wires()
    wires.presence.registered(binding())
    wires.dead.add(TCP)
    assert wires.presence.flow_of("b1") is None
    assert not wires.presence.is_open(TCP)
    assert wires.presence.is_open(UDP)


def test_closing_a_flow_puts_all_phones_behind_it_to_sleep() -> None:
    presence = Wires().presence
    for name in ("b1", "b2"):
        presence.registered(binding(name))
    presence.registered(binding("b3", OTHER))
    presence.closed(TCP)
    presence.closed(TCP)
    assert [presence.flow_of(name) for name in ("b1", "b2", "b3")] == [None, None, OTHER]
    assert presence.binding_of(TCP, ALICE) == ""
    presence.registered(binding())
    assert presence.flow_of("b1") == TCP


def test_a_binding_that_is_gone_leaves_its_neighbours() -> None:
    presence = Wires().presence
    presence.registered(binding("b1"))
    presence.registered(binding("b2"))
    presence.gone("b1")
    presence.gone("b1")
    assert presence.binding_of(TCP, ALICE) == "b2"
    presence.gone("b2")
    assert presence.binding_of(TCP, ALICE) == ""


def test_two_phones_behind_one_datagram_address_are_told_apart_by_their_accounts() -> None:
    """All phones behind a proxy have its address; which of them calls is said by its credentials."""
    presence = Wires().presence
    flow = UDP._replace(local=LOCAL, remote=PEER)
    presence.registered(binding("b1", flow))
    presence.registered(replace(binding("b2", flow), aor=BOB))
    assert presence.flow_of("b1") == presence.flow_of("b2") == flow
    assert [presence.binding_of(flow, aor) for aor in (ALICE, BOB, "carol@example.com")] == ["b1", "b2", ""]


def test_a_flow_that_closed_while_its_register_was_written_is_not_kept() -> None:
    wires = Wires()
    wires.presence.registered(binding())
    wires.dead.add(OTHER)
    wires.presence.registered(binding(flow=OTHER))
    assert len(wires.presence) == 0


def test_bindings_that_an_account_no_longer_has_are_forgotten() -> None:
    presence = Wires().presence
    for name in ("b1", "b2", "b3"):
        presence.registered(binding(name))
    presence.registered(replace(binding("b4"), aor=BOB))
    presence.retain(ALICE, ["b2"])
    presence.retain("carol@example.com", [])
    assert [presence.flow_of(name) for name in ("b1", "b2", "b3", "b4")] == [None, TCP, None, TCP]
    presence.retain(ALICE, [])
    presence.closed(TCP)
    assert len(presence) == 0


def test_a_phone_that_moves_leaves_its_flow_behind() -> None:
    presence = Wires().presence
    assert presence.registered(binding()) is None, "it had none"
    assert presence.registered(binding()) is None, "it has stayed"
    assert presence.registered(binding(flow=OTHER)) == TCP
    presence.gone("b1")
    assert presence.registered(binding()) is None, "it had logged out"


def test_a_flow_on_which_another_phone_is_left_is_not_given_up() -> None:
    presence = Wires().presence
    for name in ("b1", "b2"):
        presence.registered(binding(name))
    assert presence.registered(binding("b1", OTHER)) is None
    assert presence.registered(binding("b2", OTHER)) == TCP, "that was the last one"


def test_the_accounts_of_one_phone_do_not_hold_its_flow() -> None:
    presence = Wires().presence
    for name in ("b1", "b2"):
        presence.registered(binding(name, instance="urn:uuid:1"))
    assert presence.registered(binding("b1", OTHER, instance="urn:uuid:1")) == TCP


def test_a_flow_to_a_proxy_is_never_the_phones_own() -> None:
    presence = Wires().presence
    presence.registered(binding("b1", path=("<sip:proxy;lr>",)))
    presence.registered(binding("b2"))
    assert presence.registered(binding("b2", OTHER)) is None, "there is a proxy at its end"
    assert presence.registered(binding("b1", OTHER)) is None, "and who knows who else is behind that"
