"""Which calls are relayed: by the tenants that a request names, or by the PBX it comes from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from tests.support.sip_messages import TCP, request

from ringwake.edge.core import Core
from ringwake.edge.media.rules import MediaRules, rules_of
from ringwake.model.media import BROWSER, PLAIN
from ringwake.model.tenant import Tenant
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.directory import MemoryDirectory

PBX = Flow(Transport.TCP, Address("192.0.2.1", 5060), Address("10.0.0.5", 5060))


class OneTrunk:
    """The way to the PBX of one tenant."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant

    def tenant_of(self, flow: Flow) -> str:
        return self._tenant if flow == PBX else ""


def rules(trunk: str = "relayed.example") -> MediaRules:
    tenants = [Tenant(domain="relayed.example", relays_media=True), Tenant(domain="direct.example")]
    # Three parts of a core are all that is asked for.
    parts = SimpleNamespace(directory=MemoryDirectory(tenants, [], []), trunks=OneTrunk(trunk), trace=lambda _: "t")
    return rules_of(cast("Core", parts))


@pytest.mark.parametrize("key", ["uri", "to", "from"])
@pytest.mark.parametrize(("domain", "is_relayed"), [("Relayed.Example", True), ("direct.example", False)])
def test_a_call_is_relayed_if_one_of_its_sides_is(key: str, domain: str, is_relayed: bool) -> None:
    made = request("INVITE", uri="sip:x@elsewhere.example")
    if key == "uri":
        made.uri = f"sip:x@{domain}"
    else:
        made.headers.set(key, f"<sip:x@{domain}>;tag=1")
    assert rules().relays(made, TCP) is is_relayed


def test_names_that_cannot_be_read_name_nobody() -> None:
    made = request("INVITE", uri="tel:+4912345")
    made.headers.set("from", "<tel:+4912345>;tag=1")
    made.headers.set("to", "<sip:x@relayed.example>")
    assert rules().relays(made, TCP)
    made.headers.set("to", ",")
    assert not rules().relays(made, TCP)


@pytest.mark.parametrize(("trunk", "is_relayed"), [("relayed.example", True), ("direct.example", False)])
def test_a_call_from_a_pbx_is_its_tenants_whatever_it_names(trunk: str, is_relayed: bool) -> None:
    made = request("INVITE", uri="sip:x@10.0.0.1")
    assert rules(trunk).relays(made, PBX) is is_relayed


@pytest.mark.parametrize(
    ("flow", "guess"),
    [
        (PBX, PLAIN),
        (PBX._replace(transport=Transport.WS), BROWSER),
        (TCP._replace(transport=Transport.WSS), BROWSER),
        (TCP, None),
    ],
)
def test_a_pbx_wants_plain_rtp_and_a_websocket_is_a_browsers(flow: Flow, guess: object) -> None:
    assert rules().guess(flow) == guess
    assert rules().trace(request()) == "t"
