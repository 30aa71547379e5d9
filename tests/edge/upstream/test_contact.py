"""`upstream = "contact"`: the PBX has one Contact of ours for each account, by credentials that its phones compute."""

from __future__ import annotations

import re

import pytest
from tests.support.pbx import ADDRESS
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, SERVER

from ringwake.edge.upstream.standing import standing_of
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.events import Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import ListBindings
from ringwake.model.tenant import Upstream
from ringwake.model.token_claims import TokenClaims
from ringwake.sip.address import parse_address
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import INVITE, REGISTER
from ringwake.sip.uri import parse_uri

CONTACT, TCP, UDP = Upstream.CONTACT, Transport.TCP, Transport.UDP
ALICE = Aor(f"alice@{DOMAIN}")


def contact(name: str) -> str:
    token = f"pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-alice-{name}"
    return f'<sip:alice@10.0.0.5{name}:4000;{token}>;+sip.instance="<urn:uuid:{name}>"'


async def registered(world: PbxWorld, name: str = "1", *, user: str = "alice") -> tuple[Stranger, Response]:
    """Register a phone by hand, with credentials if somebody asks."""
    phone = await Stranger(world, address=Address(f"10.0.0.5{name}", 4000)).open()
    return phone, await phone.ask_as(user, phone.register(user, contact=contact(name)))


def bindings(world: PbxWorld) -> tuple[Binding, ...]:
    found: list[tuple[Binding, ...]] = []
    world.store.submit(ListBindings(aor=ALICE, wall=world.wall(world.loop.time())), found.append)
    return found[0]


def expiry(request: Request) -> str:
    return request.headers.get("expires") or ""


# ---- who has proven what


def test_the_challenge_goes_down_and_its_answer_up() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        asked = phone.register("alice", contact=contact("1"))
        again = await phone.signed("alice", asked)
        challenged = phone.responses_to(asked)[-1]
        assert challenged.status == 401
        assert "nonce-1-of-the-pbx" in (challenged.headers.get("www-authenticate") or "")
        ok = await phone.ask(again)
        assert ok is not None
        assert ok.status == 200
        first, second = world.pbx.registers()
        assert "authorization" not in first.headers
        assert second.headers.get("authorization") == again.headers.get("authorization")
        assert len(bindings(world)) == 1

    in_front_of_pbx(test, CONTACT)


def test_the_phone_gets_our_grant_and_the_pbx_our_contact() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.grant = 60
        _, ok = await registered(world)
        (value,) = ok.headers.values("contact")
        assert value == f"{contact('1')};expires={30 * 86400}"
        (bound,) = world.pbx.bound()
        uri = parse_address(bound.contact).sip_uri
        assert (uri.host, uri.port, uri.params.get("transport"), bound.path) == (SERVER.host, SERVER.port, "udp", [])
        assert "alice" not in bound.contact
        assert expiry(world.pbx.registers()[-1]) == "3600"
        assert ok.headers.values("feature-caps")[0].startswith('*;+sip.pns="fcm"')

    in_front_of_pbx(test, CONTACT)


def test_a_wrong_password_binds_nothing() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world).open()
        refused = await phone.ask_as("alice", phone.register("alice", contact=contact("1")), password="guessed")
        assert refused.status == 401
        assert (bindings(world), world.pbx.bound()) == ((), [])

    in_front_of_pbx(test, CONTACT)


@pytest.mark.parametrize("whose", ["nobody", "bob", "made up"])
def test_credentials_that_answer_no_challenge_of_the_pbx_to_this_account_stay_here(whose: str) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world).open()
        asked = phone.register("alice", contact=contact("1"))
        if whose == "bob":  # a nonce that the PBX gave to another account
            theirs = await phone.signed("bob", phone.register("bob", contact=contact("2")))
            asked.headers.append("authorization", theirs.headers.get("authorization") or "")
        elif whose == "made up":
            made = f'Digest username="alice", realm="x", nonce="0", uri="sip:{DOMAIN}", response="{"0" * 32}"'
            asked.headers.append("authorization", made)
        else:
            asked.headers.append("authorization", "Basic YWxpY2U6eA==")
        refused = await phone.ask(asked)
        assert refused is not None
        assert refused.status == 401
        assert [r.headers.get("authorization") for r in world.pbx.registers()] == [None]

    in_front_of_pbx(test, CONTACT)


def test_the_pbx_trusts_our_address_so_its_200_proves_nothing() -> None:
    """Else anybody could register as anybody."""

    async def test(world: PbxWorld) -> None:
        world.pbx.asks = False
        _, refused = await registered(world)
        assert refused.status == 403
        assert bindings(world) == ()
        await pause(0.1)
        assert world.pbx.bound() == [], "nor does a call come here for nobody"
        rules = [event.fields["rule"] for event in world.happened(Happened.REQUEST_REFUSED)]
        assert "give it a password in ringwake" in str(rules[-1])

    in_front_of_pbx(test, CONTACT)


def test_an_account_that_has_a_password_here_is_asked_for_it_here() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.asks = False
        phone = await Stranger(world).open()
        asked = phone.register("alice", contact=contact("1"))
        challenged = await phone.ask(asked)
        assert challenged is not None
        assert f'realm="{DOMAIN}"' in (challenged.headers.get("www-authenticate") or "")
        assert world.pbx.registers() == []
        ok = await phone.ask_as("alice", phone.register("alice", contact=contact("1")))
        assert ok.status == 200
        await pause(5)
        (up,) = world.pbx.registers()
        assert ("authorization" in up.headers, len(world.pbx.bound())) == (False, 1)

    in_front_of_pbx(test, CONTACT, users=("alice",))


def test_two_phones_that_register_at_the_same_time_are_both_answered() -> None:
    """The REGISTER of one overtakes that of the other at the PBX."""

    async def test(world: PbxWorld) -> None:
        phones = [await Stranger(world, address=Address(f"10.0.0.5{n}", 4000)).open() for n in (1, 2)]
        asked = [phone.register("alice", contact=contact(str(n))) for n, phone in enumerate(phones, 1)]
        signed = [await phone.signed("alice", request) for phone, request in zip(phones, asked, strict=True)]
        for phone, request in zip(phones, signed, strict=True):
            phone.send(request)
        await pause(0.5)
        answers = [[r.status for r in p.responses_to(q)] for p, q in zip(phones, signed, strict=True)]
        assert answers == [[200], [200]]
        assert (len(bindings(world)), len(world.pbx.bound())) == (2, 1)
        await pause(60)
        assert len(world.pbx.registers()) == 4, "and nothing more is to be asked"

    in_front_of_pbx(test, CONTACT)


# ---- one Contact upstream


def test_two_phones_are_one_contact_and_one_invite_each() -> None:
    async def test(world: PbxWorld) -> None:
        phones = [(await registered(world, name))[0] for name in ("1", "2")]
        assert (len(world.pbx.bound()), len(bindings(world))) == (1, 2)
        assert len(world.pbx.fork()) == 1
        await pause(0.5)
        assert [[r.method for r in phone.requests] for phone in phones] == [[INVITE]] * 2

    in_front_of_pbx(test, CONTACT)


def test_a_phone_that_leaves_takes_the_contact_away_only_if_it_is_the_last() -> None:
    async def test(world: PbxWorld) -> None:
        one, _ = await registered(world, "1")
        two, _ = await registered(world, "2")
        gone = await one.ask_as("alice", one.register("alice", contact=contact("1"), expires=0))
        assert (gone.status, len(bindings(world)), len(world.pbx.bound())) == (200, 1, 1)
        gone = await two.ask_as("alice", two.register("alice", contact=contact("2"), expires=0))
        assert (gone.status, bindings(world), world.pbx.bound()) == (200, (), [])
        assert expiry(world.pbx.registers()[-1]) == "0"
        await pause(7200)
        assert expiry(world.pbx.registers()[-1]) == "0", "and nobody registers it again"

    in_front_of_pbx(test, CONTACT)


def test_a_star_takes_it_away_too() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world, "1")
        two, _ = await registered(world, "2")
        gone = await two.ask_as("alice", two.register("alice", contact="*", expires=0))
        assert (gone.status, bindings(world), world.pbx.bound()) == (200, (), [])

    in_front_of_pbx(test, CONTACT)


def test_nobody_leaves_without_credentials() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world)
        mallory = await Stranger(world).open()
        refused = await mallory.ask(mallory.register("alice", contact="*", expires=0))
        assert refused is not None
        assert (refused.status, len(bindings(world)), len(world.pbx.bound())) == (401, 1, 1)

    in_front_of_pbx(test, CONTACT)


def test_our_contact_stays_the_same_over_a_restart() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world)
        await world.restart()
        await registered(world, "1")
        assert len(world.pbx.bound()) == 1
        call_ids = {r.call_id for r in world.pbx.registers()}
        assert len(call_ids) == 2

    in_front_of_pbx(test, CONTACT)


# ---- how long


def test_a_pbx_that_trusts_us_keeps_the_account_for_a_phone_that_sleeps() -> None:
    """Its expiry and the phone's have nothing to do with each other."""

    async def test(world: PbxWorld) -> None:
        world.pbx.asks, world.pbx.grant = False, 60
        phone, ok = await registered(world)
        assert ok.status == 200
        await phone.close()
        await pause(3600)
        registers = world.pbx.registers()
        assert 3600 / 60 < len(registers) < 2 * 3600 / 60
        (invite,) = world.pbx.fork()
        await pause(1)
        assert (len(world.pushed("call")), [r.status for r in world.pbx.responses(invite)]) == (1, [100])

    in_front_of_pbx(test, CONTACT, users=("alice",))


def test_a_pbx_that_asks_again_forgets_the_account_and_the_operator_reads_why() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.grant = 600
        phone, _ = await registered(world)
        await phone.close()
        await pause(700)
        said = world.reasons(Happened.PBX_REGISTERED, Happened.PBX_REFUSED)[-3:]
        assert said[0] == "registered at the PBX"
        assert re.fullmatch(r"registered at the PBX until .*, and not longer: it asks for a password .*", str(said[1]))
        assert re.fullmatch(r"the binding expired at the PBX at .*: it asks for a password .*", str(said[2]))
        tries = len(world.pbx.registers())
        await pause(7200)
        assert len(world.pbx.registers()) == tries, "asking again changes nothing"

    in_front_of_pbx(test, CONTACT)


def test_after_a_restart_the_accounts_are_taken_up_again() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.asks, world.pbx.grant = False, 600
        phone, _ = await registered(world)
        await pause(5)
        await phone.close()
        before = len(world.pbx.registers())
        await world.restart()
        await pause(5)
        assert len(world.pbx.registers()) == before + 1
        world.pbx.fork()
        await pause(1)
        assert len(world.pushed("call")) == 1

    in_front_of_pbx(test, CONTACT, users=("alice",))


# ---- what the PBX may say instead


@pytest.mark.parametrize(
    ("status", "heard", "reason"),
    [
        (403, 403, "the PBX refuses the account"),
        (404, 404, "the PBX does not know the account"),
        (503, 500, "the PBX is overloaded or in maintenance"),
        (500, 500, "the PBX has answered 500"),
    ],
)
def test_a_refusal_is_told_to_the_phone_and_explained_to_the_operator(status: int, heard: int, reason: str) -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.verdict = lambda _: (status, (("retry-after", "5"),))
        _, refused = await registered(world)
        assert (refused.status, refused.headers.get("retry-after")) == (heard, None)
        assert reason in world.reasons(Happened.PBX_REFUSED)
        assert bindings(world) == ()

    in_front_of_pbx(test, CONTACT)


def test_a_pbx_that_does_not_know_path_is_asked_without() -> None:
    async def test(world: PbxWorld) -> None:
        def verdict(request: Request) -> tuple[int, tuple[tuple[str, str], ...]] | None:
            return (420, (("unsupported", "path"),)) if "supported" in request.headers else None

        world.pbx.verdict = verdict
        _, ok = await registered(world)
        assert ok.status == 200

    in_front_of_pbx(test, CONTACT)


def test_a_pbx_that_wants_a_longer_registration_gets_it() -> None:
    async def test(world: PbxWorld) -> None:
        def verdict(request: Request) -> tuple[int, tuple[tuple[str, str], ...]] | None:
            return (423, (("min-expires", "7200"),)) if int(expiry(request)) < 7200 else None

        world.pbx.verdict = verdict
        _, ok = await registered(world)
        assert ok.status == 200
        assert [bound.expires for bound in world.pbx.bound()] == [7200]

    in_front_of_pbx(test, CONTACT)


def test_a_pbx_that_says_nothing_is_503_with_retry_after() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.is_silent = True
        phone = await Stranger(world).open()
        refused = await phone.ask(phone.register("alice", contact=contact("1")), seconds=40)
        assert refused is not None
        assert (refused.status, refused.headers.get("retry-after")) == (503, "10")

    in_front_of_pbx(test, CONTACT)


def test_a_pbx_that_is_not_there_is_503_with_retry_after() -> None:
    async def test(world: PbxWorld) -> None:
        world.way[DOMAIN].cut()
        await pause(0.1)
        phone = await Stranger(world).open()
        refused = await phone.ask(phone.register("alice", contact=contact("1")))
        assert refused is not None
        assert (refused.status, refused.headers.get("retry-after")) == (503, "10")

    in_front_of_pbx(test, CONTACT, transport=TCP)


def test_a_pbx_that_asks_as_a_proxy_does_is_answered_as_a_proxy() -> None:
    """407 is no status for a phone at its registrar: it reads 401, and we put its answer where the PBX looks."""

    async def test(world: PbxWorld) -> None:
        def verdict(request: Request) -> tuple[int, tuple[tuple[str, str], ...]] | None:
            if world.pbx.is_right(request, key="proxy-authorization", user="alice", password="alice-password"):
                return None
            return 407, (("proxy-authenticate", world.pbx.challenge()),)

        world.pbx.asks, world.pbx.verdict = False, verdict
        phone, ok = await registered(world)
        assert (phone.statuses, len(world.pbx.bound())) == ([401, 200], 1)
        assert "authorization" not in world.pbx.registers()[-1].headers
        assert ok.status == 200

    in_front_of_pbx(test, CONTACT)


def test_a_contact_that_the_pbx_rewrites_is_still_ours() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.rewrites = "203.0.113.9:1024"
        _, ok = await registered(world)
        assert ok.status == 200
        assert world.reasons(Happened.PBX_REGISTERED) == ["registered at the PBX"]

    in_front_of_pbx(test, CONTACT)


# ---- who may go by our Contact


@pytest.mark.parametrize("host", ["203.0.113.66", ADDRESS.host])
def test_only_the_pbx_goes_by_our_contact(host: str) -> None:
    """Whoever shares its address, and has the Contact, is taken for it: it is given to the PBX alone."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        caller = await Stranger(world, transport=TCP, address=Address(host, 40_123)).open()
        invite = caller.request(INVITE, world.pbx.bound()[0].uri, f"Contact: <sip:m@{caller.address}>")
        caller.send(invite)
        await pause(0.2)
        is_pbx = host == ADDRESS.host
        assert [r.status for r in caller.responses_to(invite)] == [100 if is_pbx else 403]
        assert len(phone.requests) == is_pbx

    in_front_of_pbx(test, CONTACT)


# ---- what strangers cannot do


@pytest.mark.parametrize("user", ["%23100", "a%0D%0Ab", "alice%40example.com%3E%3Bx=%3C"])
def test_a_name_with_escapes_goes_up_as_one(user: str) -> None:
    """Else it would break the fields that it stands in, or be another's name there."""

    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world).open()
        challenged = await phone.ask(phone.register(user, contact=contact("1")))
        assert challenged is not None
        assert challenged.status == 401
        (up,) = world.pbx.requests(REGISTER)
        asked, known = (parse_address(up.headers.get(key) or "").sip_uri for key in ("to", "from"))
        assert asked.equals(parse_uri(f"sip:{user}@{DOMAIN}"))
        assert known == asked

    in_front_of_pbx(test, CONTACT)


def test_names_that_nobody_proves_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringwake.edge.upstream.standing.MOST_UNPROVEN", 3)

    async def test(world: PbxWorld) -> None:
        await registered(world)
        scanner = await Stranger(world).open()
        for number in range(10):
            await scanner.ask(scanner.register(f"{number}", contact=contact("2")))
        standing = standing_of(world.core, world.tenants[0])
        names = ["alice", *(str(number) for number in range(10))]
        known = [name for name in names if Aor(f"{name}@{DOMAIN}") in standing]
        assert known == ["alice", "7", "8", "9"]
        await scanner.ask_as("9", scanner.register("9", contact=contact("2")))
        assert len(world.pbx.bound("9")) == 1

    in_front_of_pbx(test, CONTACT)


def test_a_phone_leaves_the_pbx_after_a_restart_of_ours() -> None:
    """What the PBX has of an earlier life is not known here, and would ring nobody for as long as it was granted."""

    async def test(world: PbxWorld) -> None:
        await registered(world)
        await world.restart()
        await pause(60)
        phone = await Stranger(world, address=Address("10.0.0.51", 4001)).open()
        left = await phone.ask_as("alice", phone.register("alice", contact=contact("1"), expires=0))
        assert (left.status, world.pbx.bound()) == (200, [])

    in_front_of_pbx(test, CONTACT)


# ---- tokens that another phone has


def test_a_token_of_another_phone_is_proved_by_the_ticket_that_is_pushed_to_it() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world)
        phone = await Stranger(world, address=Address("10.0.0.52", 4000)).open()

        async def claim(*more: str) -> Response:
            written = contact("1").replace("<urn:uuid:1>", "<urn:uuid:2>")
            return await phone.ask_as("bob", phone.register("bob", *more, contact=written))

        assert (await claim()).headers.values("feature-caps") == []
        await pause(1)
        (push,) = world.pushed(Kind.WAKE)
        assert len((await claim(f"Ringwake-Ticket: {push.notice.ticket}")).headers.values("feature-caps")) == 1

    in_front_of_pbx(test, CONTACT, token_claims=TokenClaims.CHALLENGE)
