"""Who is asking: digest for everybody but trusted peers, and nobody registers or calls as somebody else."""

from __future__ import annotations

import itertools
from dataclasses import replace
from ipaddress import ip_network

import pytest
from tests.support.in_world import asleep, awake, in_world
from tests.support.stranger import ADDRESS, Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, SERVER, World

from ringwake.model.store_ops import ListBindings
from ringwake.sip.digest import authorize, parse_challenge
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Response
from ringwake.sip.methods import ACK, KNOWN
from ringwake.sip.uri import parse_uri

ALICE = f"sip:alice@{DOMAIN}"
FORMS = (
    "sip:alice@example.com",
    "sip:%61lice@EXAMPLE.com",
    "sips:alice@example.com",
    "sip:alice@example.com;user=phone",
    "sip:bob@example.com",
    "sip:b%6fb@example.com",
    "sip:Alice@example.com",
    "sip:alice%40example.com@example.com",
    "tel:+15551234",
)


async def bindings(world: World) -> int:
    return len(await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time()))))


def canonical(uri: str) -> str:
    return "" if uri.startswith("tel:") else parse_uri(uri).aor


@pytest.mark.parametrize("user", ["alice", "bob"])
@pytest.mark.parametrize("claim", ["", "P-Asserted-Identity", "P-Preferred-Identity"])
def test_a_register_is_taken_only_if_all_names_are_those_of_the_credentials(user: str, claim: str) -> None:
    """Reliability S1: the full matrix of credentials, To, From and asserted identity."""

    async def test(world: World) -> None:
        for to, sender, claimed in itertools.product(FORMS, FORMS, FORMS if claim else ("",)):
            if claim and to != sender:
                continue
            stranger = await Stranger(world).open()
            more = (f"{claim}: <{claimed}>",) if claim else ()
            contact = f"Contact: <sip:x@{ADDRESS}>"
            register = stranger.request("REGISTER", f"sip:{DOMAIN}", contact, *more, sender=sender, to=f"<{to}>")
            answer = await stranger.ask_as(user, register)
            names = {canonical(name) for name in (to, sender, *([claimed] if claim else []))}
            allowed = names == {f"{user}@{DOMAIN}"}
            assert (answer.status == 200) == allowed, (to, sender, claimed, answer.status)
            assert await bindings(world) == allowed
            if allowed:
                star = stranger.request(
                    "REGISTER", f"sip:{DOMAIN}", "Contact: *", "Expires: 0", sender=to, to=f"<{to}>"
                )
                assert (await stranger.ask_as(user, star)).status == 200
            else:
                assert answer.status in (400, 401, 403, 404)
            await stranger.close()
        assert world.provider.pushes == []

    in_world(test)


@pytest.mark.parametrize("realm", ["elsewhere.net", "", "EXAMPLE.COM", DOMAIN])
def test_credentials_count_for_our_realm_only(realm: str) -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        register = stranger.register("alice")
        challenged = await stranger.ask(register)
        assert challenged is not None
        challenge = parse_challenge(challenged.headers.texts("www-authenticate")[0])
        assert challenge is not None
        again = register.copy()
        again.headers.replace_first("via", str(register.via).replace(register.via.branch, "z9hG4bK-again"))
        credentials = authorize(
            replace(challenge, realm=realm),
            username="alice",
            password="alice-password",
            request=("REGISTER", register.uri),
            cnonce="c",
        )
        again.headers.append("authorization", credentials)
        answer = await stranger.ask(again)
        assert answer is not None
        assert answer.status == (200 if realm == DOMAIN else 401)

    in_world(test)


@pytest.mark.parametrize(
    "credentials",
    [
        "Bearer abc",
        "Digest",
        "Digest realm",
        "Digest n",
        f'Digest username="alice", realm="{DOMAIN}"',
        f'Digest username="alice", realm="{DOMAIN}", nonce="x", uri="sip:x", response="y"',
        f'Digest username="alice", realm="{DOMAIN}", nonce="x", uri="sip:x", response="y", qop=auth-int, nc=00000001',
        f'Digest username="\udcff", realm="{DOMAIN}", nonce="x", uri="sip:x", response="\udcfe", algorithm=SHA-256',
    ],
)
def test_credentials_that_prove_nothing_prove_nothing(credentials: str) -> None:
    """GHSA-64qc-9x89-rx5j, CVE-2023-28098: never a crash, never a yes."""

    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        for request in (
            stranger.register("alice", f"Authorization: {credentials}"),
            stranger.request("MESSAGE", ALICE, f"Proxy-Authorization: {credentials}"),
        ):
            answer = await stranger.ask(request)
            assert answer is not None
            assert answer.status in (400, 401, 407)
        assert await bindings(world) == 0

    in_world(test)


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP, Transport.TLS, Transport.WS])
def test_without_credentials_no_method_does_anything(transport: Transport) -> None:
    """Reliability S2: CVE-2021-37624, CVE-2021-41157."""

    async def test(world: World) -> None:
        world.stack.add(world.network.carrier(Transport.WS, SERVER, world.stack))
        sleeper, waker = await asleep(world, "alice"), await awake(world, "bob", push=True)
        stored, sent = await bindings(world), len(world.network.sent)
        stranger = await Stranger(world, transport=transport).open()
        for method, target in itertools.product([*sorted(KNOWN - {ACK}), "NEWMETHOD"], (sleeper, waker)):
            answer = await stranger.ask(stranger.request(method, target.aor, body=b"hello"))
            assert answer is not None
            assert answer.status in {"CANCEL": (481,)}.get(method, (401, 403, 407, 481)), method
        stranger.send(stranger.request(ACK, waker.aor))
        await pause(1)
        assert world.provider.pushes == []
        assert await bindings(world) == stored
        assert {flow.remote for _, flow, _ in world.network.sent[sent:] if flow.local == SERVER} == {ADDRESS}
        assert waker.calls == []
        assert waker.texts == []
        await sleeper.wake()
        await pause(1)
        assert sleeper.texts == []

    in_world(test)


def test_an_unknown_account_is_challenged_like_a_known_one() -> None:
    """Reliability S7: names are not to be found out."""

    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        answers: list[list[str]] = []
        for user in ("alice", "nobody"):
            first = await stranger.ask(stranger.register(user))
            second = await stranger.ask_as(user, stranger.register(user), password="wrong")
            assert first is not None
            answers.append([shape(answer) for answer in (first, second)])
        assert answers[0] == answers[1]

    def shape(answer: Response) -> str:
        keys = ",".join(key for key, _ in answer.headers)
        return f"{answer.status} {keys} {len(answer.headers.texts('www-authenticate'))}"

    in_world(test)


def test_the_best_algorithm_is_offered_first() -> None:
    """RFC 8760 section 2.3."""

    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        for request, key in (
            (stranger.register("alice"), "www-authenticate"),
            (stranger.request("MESSAGE", ALICE), "proxy-authenticate"),
        ):
            answer = await stranger.ask(request)
            assert answer is not None
            challenges = [parse_challenge(text) for text in answer.headers.texts(key)]
            assert [c.algorithm.value for c in challenges if c and c.algorithm] == ["SHA-256", "MD5"]
            assert {(c.realm, c.stale, c.qop) for c in challenges if c} == {(DOMAIN, False, ("auth",))}

    in_world(test)


def test_a_nonce_that_is_over_is_stale_and_the_phone_need_not_ask() -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        again = await stranger.signed("alice", stranger.register("alice"))
        await pause(301)
        answer = await stranger.ask(again)
        assert answer is not None
        challenge = parse_challenge(answer.headers.texts("www-authenticate")[0])
        assert challenge is not None
        assert (answer.status, challenge.stale) == (401, True)

    in_world(test)


def test_captured_credentials_are_worth_nothing() -> None:
    """Reliability S7: the same header again, from the same and from another address."""

    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        assert (await stranger.ask_as("alice", stranger.register("alice"))).status == 200
        captured = next(
            text
            for flow, octets in [(f, o) for _, f, o in world.network.sent]
            if flow.remote == SERVER
            for text in octets.decode().split("\r\n")
            if text.startswith("Authorization:")
        )
        thief = await Stranger(world, address=Address("198.51.100.9", 4000)).open()
        for who in (stranger, thief):
            answer = await who.ask(who.register("alice", captured))
            assert answer is not None
            assert answer.status == 401
        assert await bindings(world) == 1

    in_world(test)


def test_a_caller_is_who_the_credentials_say() -> None:
    """CVE-2025-47779: an authenticated MESSAGE may not say that it comes from somebody else."""

    async def test(world: World) -> None:
        bob = await awake(world, "bob")
        stranger = await Stranger(world).open()
        for sender, status in (
            (f"sip:boss@{DOMAIN}", 202),
            (f"sip:%62oss@{DOMAIN.upper()}", 202),
            (ALICE, 403),
            ("sip:boss@elsewhere.net", 403),
            ("tel:+15551234", 403),
        ):
            request = stranger.request("MESSAGE", bob.aor, "Content-Type: text/plain", sender=sender, body=b"hi")
            assert (await stranger.ask_as("boss", request)).status == status
        await pause(1)
        assert bob.texts == ["hi", "hi"]

    in_world(test)


def test_an_account_cannot_assert_that_it_is_another() -> None:
    """RFC 3325 section 5: what an untrusted sender asserts is taken out; a trusted peer's word passes."""

    async def test(world: World) -> None:
        bob = await Stranger(world, address=Address("10.0.0.77", 6000)).open()
        assert (await bob.ask_as("bob", bob.register("bob"))).status == 200
        caller = await Stranger(world).open()
        claims = (f"P-Asserted-Identity: <{ALICE}>", f"P-Preferred-Identity: <{ALICE}>")
        for trusted in (False, True):
            if trusted:
                world.core.gate = replace(world.core.gate, peers=(ip_network("203.0.113.0/24"),))
            invite = caller.request("INVITE", f"sip:bob@{DOMAIN}", *claims)
            caller.send(invite if trusted else await caller.signed("boss", invite))
            await pause(0.5)
            arrived = bob.requests[-1]
            assert ("p-asserted-identity" in arrived.headers) is trusted
            assert ("p-preferred-identity" in arrived.headers) is trusted
            bob.answer(arrived, 486)
            await pause(0.5)

    in_world(test)


@pytest.mark.parametrize("peers", ["203.0.113.0/24", "203.0.113.66/32", "0.0.0.0/0"])
def test_a_trusted_peer_calls_and_writes_without_digest_but_registers_nothing(peers: str) -> None:
    async def test(world: World) -> None:
        phone = await awake(world, "alice")
        stranger = await Stranger(world).open()
        message = stranger.request("MESSAGE", ALICE, sender="tel:+15551234", body=b"hi")
        refused = await stranger.ask(message)
        assert refused is not None
        assert refused.status == 407
        world.core.gate = replace(world.core.gate, peers=(ip_network(peers), ip_network("2001:db8::/32")))
        taken = await stranger.ask(stranger.request("MESSAGE", ALICE, sender="tel:+15551234", body=b"hi"))
        assert taken is not None
        assert taken.status == 202
        register = await stranger.ask(stranger.register("alice"))
        assert register is not None
        assert register.status == 401
        foreign = await stranger.ask(stranger.request("MESSAGE", "sip:x@elsewhere.net", body=b"hi"))
        assert foreign is not None
        assert foreign.status == 403, "nor may it relay"
        await pause(1)
        assert phone.texts == ["hi"]

    in_world(test)


def test_too_many_wrong_passwords_turn_an_address_away_for_a_while() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        stranger = await Stranger(world).open()
        for _ in range(20):
            assert (await stranger.ask_as("alice", stranger.register("alice"), password="wrong")).status == 401
        blocked = await stranger.ask(stranger.register("alice"))
        assert blocked is not None
        assert (blocked.status, blocked.headers.get("www-authenticate")) == (503, None)
        seconds = int(blocked.headers.get("retry-after") or "")
        assert 0 < seconds <= 60
        for request in (stranger.request("MESSAGE", ALICE, body=b"x"), stranger.register("bob")):
            answer = await stranger.ask(request)
            assert answer is not None
            assert answer.status == 503
        other = await Stranger(world, address=Address("198.51.100.1", 5060)).open()
        assert (await other.ask_as("bob", other.register("bob"))).status == 200, "others are not concerned"
        options = await stranger.ask(stranger.request("OPTIONS", f"sip:{DOMAIN}"))
        assert options is not None
        assert options.status == 200
        await pause(seconds)
        assert (await stranger.ask_as("alice", stranger.register("alice"))).status == 200

    in_world(test)


def test_challenges_and_stale_nonces_are_no_failures() -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        for _ in range(50):
            answer = await stranger.ask(stranger.register("alice"))
            assert answer is not None
            assert answer.status == 401
        assert (await stranger.ask_as("alice", stranger.register("alice"))).status == 200

    in_world(test)


def test_a_subscriber_of_ipv6_gains_nothing_by_changing_its_address() -> None:
    async def test(world: World) -> None:
        for number in range(20):
            host = Address(f"2001:db8:1:2::{number + 1:x}", 5060)
            stranger = await Stranger(world, address=host).open()
            assert (await stranger.ask_as("alice", stranger.register("alice"), password="wrong")).status == 401
        last = await Stranger(world, address=Address("2001:db8:1:2:ffff::1", 5060)).open()
        answer = await last.ask(last.register("alice"))
        assert answer is not None
        assert answer.status == 503
        neighbour = await Stranger(world, address=Address("2001:db8:1:3::1", 5060)).open()
        answer = await neighbour.ask(neighbour.register("alice"))
        assert answer is not None
        assert answer.status == 401

    in_world(test)
