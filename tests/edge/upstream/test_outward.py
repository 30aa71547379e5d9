"""From a phone to its PBX: who may, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.edge.upstream.calling import CALLEE, HOME, invite, registered
from tests.support.pbx import OTHER
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause, run_virtual
from tests.support.world import DOMAIN, SERVER

from ringwake.model.tenant import Upstream
from ringwake.sip.address import parse_address
from ringwake.sip.dialog import caller_dialog
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, BYE, CANCEL, INVITE, MESSAGE, SUBSCRIBE
from ringwake.store.directory import MemoryDirectory

PATH, CONTACT, VAULT = Upstream.PATH, Upstream.CONTACT, Upstream.VAULT
USERS = ("alice", "bob", "boss")
TCP, UDP = Transport.TCP, Transport.UDP
MODES = pytest.mark.parametrize("upstream", [PATH, CONTACT, VAULT])


def known_to(upstream: Upstream) -> tuple[str, ...]:
    """Return whom the server knows by itself in that mode."""
    return USERS if upstream is VAULT else ()


# ---- what goes up


@MODES
@pytest.mark.parametrize("method", [INVITE, MESSAGE, SUBSCRIBE, "NEWMETHOD"])
def test_what_a_phone_sends_goes_to_its_pbx_and_the_answer_back(upstream: Upstream, method: str) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        sent = phone.request(
            method, CALLEE, f"Contact: <sip:alice@{HOME}>", "Subject: x", sender=f"sip:alice@{DOMAIN}", body=b"b"
        )
        phone.send(sent)
        await pause(0.1)
        arrived = world.pbx.requests(method)[-1]
        assert (arrived.uri, arrived.body, arrived.headers.get("subject")) == (CALLEE, b"b", "x")
        assert (arrived.call_id, arrived.cseq, len(arrived.headers.values("via"))) == (sent.call_id, sent.cseq, 2)
        world.pbx.answer(arrived, 404)
        await pause(0.1)
        assert [r.status for r in phone.responses_to(sent)] == ([100, 404] if method == INVITE else [404])

    in_front_of_pbx(test, upstream, users=known_to(upstream))


@MODES
def test_a_call_between_two_phones_goes_by_the_pbx(upstream: Upstream) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        phone.send(invite(phone, uri=f"sip:bob@{DOMAIN}"))
        await pause(0.1)
        assert [r.uri for r in world.pbx.requests(INVITE)] == [f"sip:bob@{DOMAIN}"]

    in_front_of_pbx(test, upstream, users=known_to(upstream))


class Proxy:
    """A PBX that is a proxy: it sends an INVITE on to whoever has registered, and answers back, under one Call-ID."""

    def __init__(self, world: PbxWorld, user: str) -> None:
        self._pbx, self._user = world.pbx, user
        self._pbx.on_request = self._onward
        self._pbx.on_response = self._back

    def _onward(self, request: Request) -> None:
        onward = request.copy()
        if request.headers.values("route"):
            onward.headers.drop_first("route")
        else:
            bound = self._pbx.bound(self._user)[0]
            onward.uri = bound.uri
            for path in reversed(bound.path):
                onward.headers.push("route", path)
            onward.headers.push("record-route", f"<sip:{self._pbx.address};lr>")
        onward.headers.push("via", self._pbx.via)
        self._pbx.send(onward)

    def _back(self, response: Response) -> None:
        back = response.copy()
        back.headers.drop_first("via")
        if back.headers.values("via") and response.status > 100:
            self._pbx.send(back)


@MODES
def test_a_phone_calls_another_through_a_pbx_that_is_a_proxy(upstream: Upstream) -> None:
    """The INVITE passes here twice: that is no loop."""

    async def test(world: PbxWorld) -> None:
        alice = await registered(world)
        bob = await registered(world, "bob", address=Address("10.0.0.52", 4000))
        Proxy(world, "bob")
        asked = invite(alice, uri=f"sip:bob@{DOMAIN}")
        alice.send(asked)
        await pause(0.1)
        (arrived,) = (r for r in bob.requests if r.method == INVITE)
        routes = [("record-route", text) for text in arrived.headers.texts("record-route")]
        assert len(routes) == 5
        bob.answer(arrived, 200, *routes, ("contact", f"<sip:bob@{bob.address}>"))
        await pause(0.1)
        ok = alice.responses_to(asked)[-1]
        assert (ok.status, arrived.call_id) == (200, asked.call_id)
        dialog = caller_dialog(asked, ok)
        for method, seq in ((ACK, 1), (BYE, None)):
            via = f"SIP/2.0/TCP {alice.address};rport;branch=z9hG4bK-{method}"
            alice.send(dialog.request(method, via=via, seq=seq))
            await pause(0.1)
            assert bob.requests[-1].method == method

    in_front_of_pbx(test, upstream, users=known_to(upstream))


@MODES
@pytest.mark.parametrize(("status", "heard"), [(486, 486), (404, 404), (503, 500), (600, 600), (302, 302)])
def test_the_answer_of_the_pbx_is_the_phones(upstream: Upstream, status: int, heard: int) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        world.pbx.answer(world.pbx.requests(INVITE)[-1], status)
        await pause(0.1)
        assert [r.status for r in phone.responses_to(asked)][:2] == [100, heard]

    in_front_of_pbx(test, upstream, users=known_to(upstream))


def test_both_sides_are_told_the_way_back_to_us() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world, transport=Transport.TLS)
        phone.send(invite(phone))
        await pause(0.1)
        up, down = (parse_address(v).sip_uri for v in world.pbx.requests(INVITE)[-1].headers.values("record-route"))
        assert (up.params.get("transport"), down.params.get("transport")) == ("udp", "tls")
        assert {(uri.host, uri.port) for uri in (up, down)} == {(SERVER.host, SERVER.port)}

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize(("upstream", "is_sent"), [(PATH, True), (CONTACT, True)])
def test_the_pbxs_challenge_and_the_phones_answer_go_through(upstream: Upstream, is_sent: bool) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)

        def judge(request: Request) -> None:
            right = world.pbx.is_right(request, key="proxy-authorization", user="alice", password="alice-password")
            if request.method == INVITE and right:
                world.pbx.answer(request, 486)
            elif request.method == INVITE:
                world.pbx.ask_for_credentials(request)

        world.pbx.on_request = judge
        answer = await phone.ask_as("alice", invite(phone))
        assert (answer.status == 486) is is_sent

    in_front_of_pbx(test, upstream)


def test_an_identity_that_a_phone_claims_goes_no_further() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        phone.send(invite(phone, f"P-Asserted-Identity: <sip:boss@{DOMAIN}>"))
        await pause(0.1)
        assert "p-asserted-identity" not in world.pbx.requests(INVITE)[-1].headers

    in_front_of_pbx(test, PATH)


# ---- who may


@pytest.mark.parametrize("upstream", [CONTACT, VAULT])
def test_a_stranger_is_asked_by_us_who_it_is(upstream: Upstream) -> None:
    """The PBX may take our word for it, and in `vault` we would sign."""

    async def test(world: PbxWorld) -> None:
        stranger = await Stranger(world).open()
        answer = await stranger.ask(invite(stranger))
        assert answer is not None
        assert answer.status == 407
        assert f'realm="{DOMAIN}"' in (answer.headers.get("proxy-authenticate") or "")
        refused = await stranger.ask_as("alice", invite(stranger), password="guessed")
        assert refused.status == 407
        assert world.pbx.requests(INVITE) == []

    in_front_of_pbx(test, upstream, users=USERS)


def test_a_phone_that_knows_its_password_may_call_before_it_registers() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world).open()
        phone.send(await phone.signed("alice", invite(phone)))
        await pause(0.1)
        assert len(world.pbx.requests(INVITE)) == 1

    in_front_of_pbx(test, VAULT, users=USERS)


def test_in_path_the_pbx_asks_and_not_we() -> None:
    async def test(world: PbxWorld) -> None:
        stranger = await Stranger(world).open()
        asked = invite(stranger)
        stranger.send(asked)
        await pause(0.1)
        world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
        await pause(0.1)
        challenged = stranger.responses_to(asked)[-1]
        assert 'realm="pbx.example"' in (challenged.headers.get("proxy-authenticate") or "")

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("upstream", [CONTACT, VAULT])
def test_a_phone_does_not_call_in_the_name_of_another(upstream: Upstream) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        refused = await phone.ask_as("alice", invite(phone, user="boss"))
        assert refused.status == 403
        assert world.pbx.requests(INVITE) == []

    in_front_of_pbx(test, upstream, users=USERS)


def test_a_datagram_proves_nothing_where_we_would_sign() -> None:
    """Its source address can be made up."""

    async def test(world: PbxWorld) -> None:
        phone = await registered(world, transport=UDP)
        answer = await phone.ask(invite(phone))
        assert answer is not None
        assert (answer.status, world.pbx.requests(INVITE)) == (407, [])

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_caller_of_another_domain_is_asked_who_it_is() -> None:
    async def test(world: PbxWorld) -> None:
        stranger = await Stranger(world).open()
        asked = stranger.request(INVITE, f"sip:alice@{DOMAIN}", sender="sip:eve@elsewhere.example")
        answer = await stranger.ask(asked)
        assert answer is not None
        assert (answer.status, world.pbx.requests(INVITE)) == (407, [])

    in_front_of_pbx(test, VAULT, users=USERS)


class _BesideAnother(PbxWorld):
    """A world whose first tenant has no PBX; the second one has."""

    def _directory(self) -> MemoryDirectory:
        self.tenants[0] = replace(self.tenants[0], upstream=Upstream.NONE, pbx="")
        return super()._directory()


@pytest.mark.parametrize(("upstream", "status"), [(CONTACT, 480), (VAULT, 404)])
def test_nobody_dials_out_through_the_pbx_of_another_tenant(upstream: Upstream, status: int) -> None:
    """It may trust our address, and whoever has an account here could call at its expense."""

    async def main() -> None:
        world = _BesideAnother(upstream, users=USERS)
        await world.open()
        phone = await registered(world)
        answer = await phone.ask_as("alice", invite(phone, uri=f"sip:+19005551234@{OTHER}"))
        assert (answer.status, world.other_pbx.requests(INVITE)) == (status, [])
        await world.close()

    run_virtual(main())


# ---- what may go wrong


@MODES
def test_without_a_way_to_the_pbx_it_is_503_with_retry_after(upstream: Upstream) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        world.way[DOMAIN].cut()
        await pause(0.1)
        answer = await phone.ask(invite(phone))
        assert answer is not None
        assert (answer.status, answer.headers.get("retry-after")) == (503, "10")

    in_front_of_pbx(test, upstream, transport=TCP, users=known_to(upstream))


@MODES
def test_a_pbx_that_says_nothing_is_504(upstream: Upstream) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        answer = await phone.ask(invite(phone), seconds=40)
        assert answer is not None
        assert answer.status == 504

    in_front_of_pbx(test, upstream, users=known_to(upstream))


def test_a_connection_that_breaks_under_a_call_is_504() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        world.way[DOMAIN].cut()
        await pause(0.1)
        assert [r.status for r in phone.responses_to(asked)] == [100, 504]

    in_front_of_pbx(test, PATH, transport=TCP)


@MODES
def test_a_request_that_has_been_here_is_a_loop(upstream: Upstream) -> None:
    """Somebody behind the PBX sends it back to the domain, which is here."""

    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        phone.send(invite(phone))
        await pause(0.1)
        back = world.pbx.requests(INVITE)[-1].copy()
        back.headers.remove("record-route")
        back.headers.push("via", f"SIP/2.0/TCP {phone.address};rport;branch=z9hG4bK-back")
        phone.send(back)
        await pause(0.1)
        assert [r.status for r in phone.responses_to(back)] == [482]
        assert len(world.pbx.requests(INVITE)) == 1

    in_front_of_pbx(test, upstream, users=known_to(upstream))


# ---- CANCEL


@MODES
@pytest.mark.parametrize("is_answered", [False, True])
def test_a_cancel_waits_for_the_pbxs_first_word(upstream: Upstream, is_answered: bool) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        arrived = world.pbx.requests(INVITE)[-1]
        if is_answered:
            world.pbx.answer(arrived, 100)
            await pause(0.1)
        gone = asked.copy()
        gone.method = CANCEL
        gone.headers.set("cseq", f"1 {CANCEL}")
        gone.headers.append("reason", "SIP;cause=200")
        phone.send(gone)
        await pause(0.1)
        assert len(world.pbx.requests(CANCEL)) == is_answered
        if not is_answered:
            world.pbx.answer(arrived, 100)
            await pause(0.1)
        (cancelled,) = world.pbx.requests(CANCEL)
        assert (cancelled.via.branch, cancelled.headers.get("reason")) == (arrived.via.branch, "SIP;cause=200")
        world.pbx.answer(arrived, 487)
        await pause(0.1)
        assert [r.status for r in phone.responses_to(asked)] == [100, 487]
        assert [r.status for r in phone.responses_to(gone)] == [200]

    in_front_of_pbx(test, upstream, users=known_to(upstream))


def test_the_answer_that_crosses_a_cancel_reaches_the_phone() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        arrived = world.pbx.requests(INVITE)[-1]
        world.pbx.answer(arrived, 180)
        await pause(0.1)
        gone = asked.copy()
        gone.method = CANCEL
        gone.headers.set("cseq", f"1 {CANCEL}")
        phone.send(gone)
        world.pbx.answer(arrived, 200)
        await pause(0.1)
        assert [r.status for r in phone.responses_to(asked)] == [100, 180, 200]

    in_front_of_pbx(test, PATH)
