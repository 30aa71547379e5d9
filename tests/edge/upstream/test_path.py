"""`upstream = "path"`: REGISTER goes through to the PBX, and calls come back by our Path."""

from __future__ import annotations

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import answer as take_call
from tests.support.pbx import ADDRESS
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, SERVER

from ringwake.edge.upstream.path import SHORT, UNASKED
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.events import Happened
from ringwake.model.push import TICKET_FIELD, Kind
from ringwake.model.store_ops import ListBindings, Register
from ringwake.model.tenant import Upstream
from ringwake.model.token_claims import TokenClaims
from ringwake.sip.address import parse_address
from ringwake.sip.fields import option_tags
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import BYE, CANCEL, INVITE, MESSAGE, OPTIONS, REGISTER

PATH, UDP, TCP = Upstream.PATH, Transport.UDP, Transport.TCP
ALICE = Aor(f"alice@{DOMAIN}")
HOME = Address("10.0.0.50", 4000)


def contact(name: str = "1", *, host: str = str(HOME), push: bool = True) -> str:
    token = f";pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-alice-{name}" if push else ""
    return f'<sip:alice@{host}{token}>;+sip.instance="<urn:uuid:{name}>";reg-id=1'


async def registered(
    world: PbxWorld, name: str = "1", *more: str, expires: int = 86_400, push: bool = True, address: Address = HOME
) -> tuple[Stranger, Response]:
    """Register a phone of alice by hand, as the PBX wants it."""
    phone = await Stranger(world, address=address).open()
    asked = phone.register("alice", *more, contact=contact(name, host=str(address), push=push), expires=expires)
    return phone, await phone.ask_as("alice", asked)


def bindings(world: PbxWorld) -> tuple[Binding, ...]:
    found: list[tuple[Binding, ...]] = []
    world.store.submit(ListBindings(aor=ALICE, wall=world.wall(world.loop.time())), found.append)
    return found[0]


# ---- what goes up, and what comes down


def test_a_register_goes_up_with_our_path_and_without_push_parameters() -> None:
    async def test(world: PbxWorld) -> None:
        _, ok = await registered(world)
        assert ok.status == 200
        *_, up = world.pbx.registers()
        (path,) = up.headers.values("path")
        uri = parse_address(path).sip_uri
        assert (uri.host, uri.port, uri.params.get("transport"), "lr" in uri.params, "ob" in uri.params) == (
            SERVER.host,
            SERVER.port,
            "udp",
            True,
            True,
        )
        assert "path" in option_tags(up.headers, "supported")
        assert up.headers.values("feature-caps") == ['*;+sip.pns="fcm"']
        assert up.headers.values("contact") == [contact(push=False)]
        assert len(up.headers.values("via")) == 2

    in_front_of_pbx(test, PATH)


def test_what_a_phone_supports_already_is_not_said_twice() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world, "1", "Supported: outbound, PATH")
        assert option_tags(world.pbx.registers()[-1].headers, "supported") == ["outbound", "path"]

    in_front_of_pbx(test, PATH)


def test_the_phone_reads_its_own_contact_and_our_promise() -> None:
    async def test(world: PbxWorld) -> None:
        _, ok = await registered(world)
        assert ok.headers.values("contact") == [f"{contact()};expires=86400"]
        (capability,) = ok.headers.values("feature-caps")
        assert capability.startswith('*;+sip.pns="fcm";+sip.pnspurr="')
        (known,) = bindings(world)
        assert known.expires_at - known.registered_at == 86_400
        assert world.happened(Happened.PBX_REGISTERED)[-1].fields["expires"] == 86_400

    in_front_of_pbx(test, PATH)


def test_the_challenge_of_the_pbx_is_answered_end_to_end() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world, address=HOME).open()
        asked = phone.register("alice", contact=contact())
        challenged = await phone.ask(asked)
        assert challenged is not None
        assert challenged.status == 401
        assert 'realm="pbx.example"' in (challenged.headers.get("www-authenticate") or "")
        wrong = await phone.ask_as("alice", phone.register("alice", contact=contact()), password="guessed")
        assert wrong.status == 401
        assert bindings(world) == ()
        assert world.happened(Happened.PBX_REFUSED) == [], "a challenge is no trouble"

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ("", []),
        ("<sip:proxy.example;lr>", ["<sip:proxy.example;lr>"]),
        ("<sip:user@proxy.example;lr>", ["<sip:user@proxy.example;lr>"]),
        ("<broken", []),
    ],
)
def test_our_path_is_between_the_pbx_and_us(more: str, left: list[str]) -> None:
    """A registrar copies Path into its 200 (RFC 3327 section 5.3). Who has ours might be taken for the PBX."""

    async def test(world: PbxWorld) -> None:
        def verdict(request: Request) -> tuple[int, tuple[tuple[str, str], ...]]:
            path = ", ".join([*request.headers.values("path"), *([more] if more else [])])
            return 200, (("contact", f"{contact(push=False)};expires=7200"), ("path", path))

        world.pbx.verdict = verdict
        _, ok = await registered(world)
        assert (ok.status, ok.headers.values("path")) == (200, left)

    in_front_of_pbx(test, PATH)


def test_an_unknown_push_service_is_555_and_goes_no_further() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world, address=HOME).open()
        unknown = "<sip:alice@10.0.0.50;pn-provider=acme;pn-param=x;pn-prid=y>"
        refused = await phone.ask(phone.register("alice", contact=unknown))
        assert refused is not None
        assert refused.status == 555
        assert world.pbx.requests(REGISTER) == []

    in_front_of_pbx(test, PATH)


def test_a_path_that_a_phone_writes_is_dropped() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world, "1", "Path: <sip:mallory@203.0.113.66;lr>")
        (path,) = world.pbx.registers()[-1].headers.values("path")
        assert SERVER.host in path
        assert bindings(world)[0].path == ()

    in_front_of_pbx(test, PATH)


def test_each_refresh_keeps_the_binding_and_its_path() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        (before,) = bindings(world)
        await phone.close()
        await registered(world, address=Address("10.0.0.51", 4001))
        (after,) = bindings(world)
        assert (after.id, after.flow != before.flow) == (before.id, True)
        (bound,) = [b for b in world.pbx.bound() if "10.0.0.51" in b.uri]
        invite = world.pbx.write(INVITE, bound.uri, *(f"Route: {path}" for path in bound.path))
        world.pbx.send(invite)
        await pause(0.1)
        assert [r.status for r in world.pbx.responses(invite)] == [100]

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("upstream", [PATH, Upstream.CONTACT])
def test_a_ticket_of_ours_goes_no_further(upstream: Upstream) -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world, "1", f"{TICKET_FIELD}: a-ticket")
        assert world.pbx.registers()
        assert not any(TICKET_FIELD in r.headers for r in world.pbx.registers())

    in_front_of_pbx(test, upstream)


def test_a_register_that_comes_again_goes_up_once() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world, transport=UDP, address=HOME).open()
        world.pbx.asks = False
        asked = phone.register("alice", contact=contact())
        for _ in range(3):
            phone.send(asked)
            await pause(0.4)
        assert [r.status for r in phone.responses_to(asked)] == [200, 200, 200]
        assert len(world.pbx.registers()) == 1

    in_front_of_pbx(test, PATH)


# ---- what the PBX may say instead


@pytest.mark.parametrize(
    ("status", "fields", "heard", "reason"),
    [
        (503, (("retry-after", "120"),), 500, "the PBX is overloaded or in maintenance"),
        (420, (("unsupported", "path"),), 500, "the PBX refuses an extension: if it does not know Path, use upstream"),
        (423, (("min-expires", "3600"),), 423, "the PBX wants a longer registration than the phone asks for"),
        (403, (), 403, "the PBX refuses the account"),
        (404, (), 404, "the PBX does not know the account"),
        (600, (), 600, "the PBX has answered 600"),
    ],
)
def test_a_refusal_of_the_pbx_is_told_to_the_phone_and_explained_to_the_operator(
    status: int, fields: tuple[tuple[str, str], ...], heard: int, reason: str
) -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.verdict = lambda _: (status, fields)
        phone = await Stranger(world, address=HOME).open()
        refused = await phone.ask(phone.register("alice", contact=contact()))
        assert refused is not None
        assert (refused.status, refused.headers.get("retry-after")) == (heard, None)
        assert refused.headers.get("min-expires") == ("3600" if status == 423 else None)
        assert bindings(world) == ()
        (event,) = world.happened(Happened.PBX_REFUSED)
        assert str(event.fields["reason"]).startswith(reason)
        assert (event.fields["status"], event.fields["aor"], event.fields["tenant"]) == (status, ALICE, DOMAIN)

    in_front_of_pbx(test, PATH)


def test_a_pbx_that_says_nothing_is_503_with_retry_after() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.is_silent = True
        phone = await Stranger(world, address=HOME).open()
        refused = await phone.ask(phone.register("alice", contact=contact()), seconds=40)
        assert refused is not None
        assert (refused.status, refused.headers.get("retry-after")) == (503, "10")
        assert world.reasons(Happened.PBX_REFUSED) == ["the PBX has not answered"]

    in_front_of_pbx(test, PATH)


def test_a_pbx_that_is_not_there_is_503_with_retry_after() -> None:
    async def test(world: PbxWorld) -> None:
        world.way[DOMAIN].cut()
        await pause(0.1)
        phone = await Stranger(world, address=HOME).open()
        refused = await phone.ask(phone.register("alice", contact=contact()))
        assert refused is not None
        assert (refused.status, refused.headers.get("retry-after")) == (503, "10")

    in_front_of_pbx(test, PATH, transport=TCP)


@pytest.mark.parametrize("garbage", ["<sip:broken", '"not, closed <sip:a@h>', ";;;"])
def test_a_200_that_cannot_be_read_breaks_nothing(garbage: str) -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.verdict = lambda _: (200, (("contact", garbage), ("expires", "7200")))
        phone = await Stranger(world, address=HOME).open()
        ok = await phone.ask(phone.register("alice", contact=contact(), expires=86_400))
        assert ok is not None
        assert ok.status == 200
        assert [b.expires_at - b.registered_at for b in bindings(world)] == [7200]

    in_front_of_pbx(test, PATH)


def test_a_pbx_that_names_no_expiry_has_granted_what_was_asked_for() -> None:
    """Elsewhere a phone with a token gets ours, whatever it asks for."""

    async def test(world: PbxWorld) -> None:
        world.pbx.verdict = lambda _: (200, (("contact", contact(push=False)),))
        await registered(world, expires=7200)
        assert [b.expires_at - b.registered_at for b in bindings(world)] == [7200]

    in_front_of_pbx(test, PATH)


def test_a_register_that_comes_back_is_a_loop() -> None:
    """The PBX sends registrations of the domain to the domain, which is here."""

    async def test(world: PbxWorld) -> None:
        await registered(world)
        back = world.pbx.registers()[-1].copy()
        back.headers.push("via", world.pbx.via)
        known = len(world.pbx.registers())
        world.pbx.send(back)
        await pause(0.1)
        assert [r.status for r in world.pbx.responses(back)] == [482]
        assert len(world.pbx.registers()) == known

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize(("grant", "is_promised"), [(3600, True), (3599, False), (60, False)])
def test_under_an_hour_there_is_no_promise_and_no_push(grant: int, is_promised: bool) -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.grant = grant
        phone, ok = await registered(world)
        assert ("feature-caps" in ok.headers) is is_promised
        assert ok.headers.values("contact") == [f"{contact()};expires={grant}"]
        await phone.close()
        await pause(30)
        world.pbx.fork()
        await pause(1)
        assert bool(world.pushed("call")) is is_promised
        noted = world.reasons(Happened.PBX_GRANTED_LITTLE)
        assert noted == ([] if is_promised else [SHORT])

    in_front_of_pbx(test, PATH)


def test_a_pbx_that_asks_nobody_for_a_password_is_told_to_the_operator() -> None:
    """It trusts our address, perhaps: then anybody could register through us as anybody."""

    async def test(world: PbxWorld) -> None:
        world.pbx.asks = False
        phone = await Stranger(world, transport=TCP, address=HOME).open()
        answer = await phone.ask(phone.register("alice", contact=contact()))
        assert answer is not None
        assert answer.status == 200
        assert world.reasons(Happened.PBX_ASKED_NOBODY) == [UNASKED]

    in_front_of_pbx(test, PATH)


# ---- leaving


def test_who_only_asks_is_told_and_has_not_left() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        aor = f"sip:alice@{DOMAIN}"
        ok = await phone.ask_as("alice", phone.request(REGISTER, f"sip:{DOMAIN}", sender=aor, to=f"<{aor}>"))
        assert ok.status == 200
        assert ok.headers.values("contact") == [f"{contact(push=False)};expires=86400"]
        assert (len(bindings(world)), world.happened(Happened.PBX_LEFT)) == (1, [])
        assert len(world.happened(Happened.PBX_REGISTERED)) == 1

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("how", ["0", "*"])
def test_a_phone_that_leaves_is_bound_until_the_pbx_has_said_yes(how: str) -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        world.pbx.verdict = lambda _: (500, ())
        where = "*" if how == "*" else contact(push=False)
        asked = phone.register("alice", contact=where, expires=0)
        refused = await phone.ask_as("alice", asked)
        assert (refused.status, len(bindings(world))) == (500, 1)
        world.pbx.verdict = lambda _: None
        gone = await phone.ask_as("alice", phone.register("alice", contact=where, expires=0))
        assert (gone.status, bindings(world), world.pbx.bound()) == (200, (), [])
        assert len(world.happened(Happened.PBX_LEFT)) == 1

    in_front_of_pbx(test, PATH)


# ---- the disk, the order, the flow


def test_what_could_not_be_written_is_503() -> None:
    async def test(world: PbxWorld) -> None:
        assert isinstance(world.store, FaultyStore)
        world.store.broken = (Register,)
        _, refused = await registered(world)
        assert (refused.status, refused.headers.get("retry-after")) == (503, "5")
        assert bindings(world) == ()

    in_front_of_pbx(test, PATH, store=FaultyStore)


def test_the_200_waits_for_the_disk() -> None:
    async def test(world: PbxWorld) -> None:
        assert isinstance(world.store, FaultyStore)
        world.store.delay = 0.5
        world.pbx.asks = False
        phone = await Stranger(world, address=HOME).open()
        asked = phone.register("alice", contact=contact())
        phone.send(asked)
        await pause(0.4)
        assert (len(world.pbx.registers()), phone.responses_to(asked)) == (1, [])
        await pause(0.2)
        assert [r.status for r in phone.responses_to(asked)] == [200]

    in_front_of_pbx(test, PATH, store=FaultyStore)


def test_a_register_that_is_older_than_the_last_one_binds_nothing() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.asks = False
        phone = await Stranger(world, address=HOME).open()
        for seq, status in ((5, 200), (4, 500)):
            asked = phone.register("alice", contact=contact())
            asked.headers.set("call-id", "one@phone")
            asked.headers.set("cseq", f"{seq} REGISTER")
            answer = await phone.ask(asked)
            assert answer is not None
            assert answer.status == status
        assert [b.cseq for b in bindings(world)] == [5]

    in_front_of_pbx(test, PATH)


def test_a_flow_that_closes_while_the_pbx_thinks_leaves_a_phone_that_can_be_woken() -> None:
    async def test(world: PbxWorld) -> None:
        assert isinstance(world.store, FaultyStore)
        world.store.delay = 0.5
        world.pbx.asks = False
        phone = await Stranger(world, address=HOME).open()
        phone.send(phone.register("alice", contact=contact(), expires=86_400))
        await pause(0.1)
        await phone.close()
        await pause(1)
        assert len(bindings(world)) == 1
        world.pbx.fork()
        await pause(1)
        assert len(world.pushed("call")) == 1

    in_front_of_pbx(test, PATH, store=FaultyStore)


# ---- calls come by the Path


def test_a_sleeping_phone_is_woken_and_rings_once() -> None:
    async def test(world: PbxWorld) -> None:
        world.grant = 86_400
        alice = world.phone("alice")
        alice.on_call = take_call
        await alice.wake()
        await alice.sleep()
        await pause(60)
        (invite,) = world.pbx.fork()
        await pause(2)
        statuses = [r.status for r in world.pbx.responses(invite)]
        assert [s for s in statuses if s >= 200][:1] == [200]
        assert (len(alice.calls), len(world.pushed("call"))) == (1, 1)
        assert alice.calls[0].invite.call_id == invite.call_id
        assert "authorization" not in alice.calls[0].invite.headers

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("transport", [UDP, TCP])
@pytest.mark.parametrize("meanwhile", ["nothing", "the trunk is dialled again", "the server is restarted"])
def test_a_parked_call_is_answered_where_it_came_from(transport: Transport, meanwhile: str) -> None:
    async def test(world: PbxWorld) -> None:
        alice = world.phone("alice")
        await alice.wake()
        await alice.sleep()
        alice.wakes, alice.on_call = False, take_call
        await pause(60)
        (invite,) = world.pbx.fork()
        await pause(1)
        if meanwhile == "the server is restarted":
            await world.restart()
        elif meanwhile == "the trunk is dialled again":
            world.way[DOMAIN].cut()
            await pause(1)
            await world.way[DOMAIN].open()
        await alice.wake()
        await pause(0.2)
        assert {r.status for r in world.pbx.responses(invite)} == {100, 180, 200}
        assert len(alice.calls) == 1

    in_front_of_pbx(test, PATH, transport=transport)


def test_a_fork_to_several_phones_gives_each_one_invite() -> None:
    async def test(world: PbxWorld) -> None:
        phones = [(await registered(world, str(n), address=Address(f"10.0.0.6{n}", 4000)))[0] for n in range(3)]
        invites = world.pbx.fork()
        assert len(invites) == 3
        await pause(1)
        assert [[r.method for r in phone.requests] for phone in phones] == [[INVITE]] * 3

    in_front_of_pbx(test, PATH)


def test_of_two_that_sleep_each_branch_wakes_its_own() -> None:
    async def test(world: PbxWorld) -> None:
        for n in range(2):
            phone, _ = await registered(world, str(n), address=Address(f"10.0.0.6{n}", 4000))
            await phone.close()
        await pause(30)
        world.pbx.fork()
        await pause(1)
        tokens = sorted(push.token.reveal() for push in world.pushed("call"))
        assert tokens == ["token-of-alice-0", "token-of-alice-1"]

    in_front_of_pbx(test, PATH)


def test_the_pbx_calls_for_all_phones_when_the_path_named_none() -> None:
    """A REGISTER with several Contacts has one Path, which can name the account only."""

    async def test(world: PbxWorld) -> None:
        world.pbx.asks = False
        phone = await Stranger(world, address=HOME).open()
        two = "<sip:alice@10.0.0.50:4000>, <sip:alice@10.0.0.50:4001>"
        ok = await phone.ask(phone.register("alice", contact=two))
        assert ok is not None
        assert len(ok.headers.values("contact")) == 2
        world.pbx.send(world.pbx.write(INVITE, world.pbx.bound()[0].uri, f"Route: {world.pbx.bound()[0].path[0]}"))
        await pause(0.5)
        assert len([r for r in phone.requests if r.method == INVITE]) == 2

    in_front_of_pbx(test, PATH)


def test_a_call_of_another_call_id_is_pushed_with_that_one() -> None:
    """A back-to-back PBX: the phone gets the INVITE that came here."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        await phone.close()
        await pause(30)
        world.pbx.fork(call_id="leg-b@b2bua")
        await pause(1)
        (push,) = world.pushed("call")
        assert push.notice.call_id == "leg-b@b2bua"

    in_front_of_pbx(test, PATH)


def test_a_message_by_the_path_is_kept_for_the_one_phone() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        other, _ = await registered(world, "2", address=Address("10.0.0.61", 4000))
        bound = next(b for b in world.pbx.bound() if str(HOME) in b.uri)
        sent = world.pbx.write(MESSAGE, bound.uri, f"Route: {bound.path[0]}")
        world.pbx.send(sent)
        await pause(0.5)
        assert [r.status for r in world.pbx.responses(sent)] == [202]
        assert ([r.method for r in phone.requests], other.requests) == ([MESSAGE], [])

    in_front_of_pbx(test, PATH)


def test_the_options_of_a_pbx_are_answered_for_the_phone_and_wake_nobody() -> None:
    """Asterisk (`qualify`) sends one each minute to each Contact."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        bound = world.pbx.bound()[0]
        await phone.close()
        await pause(30)
        asked = world.pbx.write(OPTIONS, bound.uri, f"Route: {bound.path[0]}")
        world.pbx.send(asked)
        await pause(0.1)
        assert [r.status for r in world.pbx.responses(asked)] == [200]
        assert world.provider.pushes == []

    in_front_of_pbx(test, PATH)


def test_the_pbx_hangs_up_while_the_phone_wakes() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        await phone.close()
        await pause(30)
        (invite,) = world.pbx.fork()
        await pause(1)
        gone = invite.copy()
        gone.method = CANCEL
        gone.headers.set("cseq", f"1 {CANCEL}")
        world.pbx.send(gone)
        await pause(1)
        assert [r.status for r in world.pbx.responses(invite)][-1] == 487
        assert [push.notice.kind for _, push in world.provider.pushes] == [Kind.CALL, Kind.MISSED]

    in_front_of_pbx(test, PATH)


# ---- who may go by our Path


def by_path(world: PbxWorld, sender: Stranger, *, path: str = "") -> Request:
    bound = world.pbx.bound()[0]
    return sender.request(INVITE, bound.uri, f"Route: {path or bound.path[0]}", f"Contact: <sip:m@{sender.address}>")


def test_only_the_pbx_goes_by_our_path() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        mallory = await Stranger(world).open()
        refused = await mallory.ask(by_path(world, mallory))
        assert refused is not None
        assert (refused.status, phone.requests) == (403, [])

    in_front_of_pbx(test, PATH)


def test_a_connection_that_the_pbx_has_opened_itself_may() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        asterisk = await Stranger(world, transport=TCP, address=Address(ADDRESS.host, 40_123)).open()
        asterisk.send(by_path(world, asterisk))
        await pause(0.1)
        assert [r.method for r in phone.requests] == [INVITE]

    in_front_of_pbx(test, PATH, transport=TCP)


@pytest.mark.parametrize("forgery", ["guess", "cut", "other purpose"])
def test_a_path_that_we_did_not_write_is_403_even_from_the_pbx(forgery: str) -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world)
        path = world.pbx.bound()[0].path[0]
        user = parse_address(path).sip_uri.user or ""
        made = {"guess": "guess", "cut": user[:-2], "other purpose": world.keys.seal("nonce", b"b x y")}[forgery]
        forged = world.pbx.write(INVITE, "sip:alice@10.0.0.50", f"Route: {path.replace(user, made)}")
        world.pbx.send(forged)
        await pause(0.1)
        assert [r.status for r in world.pbx.responses(forged)] == [403]

    in_front_of_pbx(test, PATH)


def test_one_of_ours_does_not_make_a_forged_route_good() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        bound = world.pbx.bound()[0]
        forged = world.pbx.write(INVITE, bound.uri, f"Route: <sip:guess@{SERVER};lr>, {bound.path[0]}")
        world.pbx.send(forged)
        await pause(0.1)
        assert [r.status for r in world.pbx.responses(forged)] == [403]
        assert phone.requests == []

    in_front_of_pbx(test, PATH)


def test_a_path_that_loops_is_482() -> None:
    """The PBX sends the INVITE that it got from here back, unchanged."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        (invite,) = world.pbx.fork()
        await pause(0.1)
        arrived = phone.requests[-1].copy()
        arrived.headers.push("route", world.pbx.bound()[0].path[0])
        arrived.uri = world.pbx.bound()[0].uri
        arrived.headers.push("via", world.pbx.via)
        world.pbx.send(arrived)
        await pause(0.1)
        assert [r.status for r in world.pbx.responses(arrived)] == [482]
        assert invite.call_id == arrived.call_id

    in_front_of_pbx(test, PATH)


def test_a_phone_that_was_not_heard_of_is_404_or_480_and_never_rings_another() -> None:
    """The PBX still has a Path whose binding is gone here."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world, expires=3600)
        other, _ = await registered(world, "2", address=Address("10.0.0.61", 4000))
        bound = next(b for b in world.pbx.bound() if str(HOME) in b.uri)
        await phone.close()
        await pause(3700)
        late = world.pbx.write(INVITE, bound.uri, f"Route: {bound.path[0]}")
        world.pbx.send(late)
        await pause(1)
        assert [r.status for r in world.pbx.responses(late)][-1] == 480
        assert other.requests == []

    in_front_of_pbx(test, PATH)


def test_a_bye_from_the_pbx_follows_the_record_route_and_not_the_path() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        (invite,) = world.pbx.fork()
        await pause(0.1)
        arrived = phone.requests[-1]
        routes = [("record-route", text) for text in arrived.headers.texts("record-route")]
        phone.answer(arrived, 200, *routes, ("contact", f"<sip:alice@{HOME}>"))
        await pause(0.1)
        ok = world.pbx.responses(invite)[-1]
        assert ok.status == 200
        bye = world.pbx.write(
            BYE, f"sip:alice@{HOME}", *(f"Route: {r}" for r in reversed(ok.headers.values("record-route")))
        )
        bye.headers.set("to", ok.headers.get("to") or "")
        world.pbx.send(bye)
        await pause(0.1)
        assert phone.requests[-1].method == BYE

    in_front_of_pbx(test, PATH)


# ---- tokens that another phone has


@pytest.mark.parametrize(("claims", "status"), [(TokenClaims.REJECT, 403), (TokenClaims.CHALLENGE, 200)])
def test_a_token_of_another_phone_is_judged_when_the_pbx_has_spoken(claims: TokenClaims, status: int) -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world)
        phone = await Stranger(world, address=Address("10.0.0.51", 4000)).open()

        async def claim(*more: str) -> Response:
            written = contact(host=str(phone.address)).replace("<urn:uuid:1>", "<urn:uuid:2>")
            return await phone.ask_as("bob", phone.register("bob", *more, contact=written, expires=86_400))

        answer = await claim()
        assert (answer.status, answer.headers.values("feature-caps")) == (status, [])
        if claims is TokenClaims.REJECT:
            return
        assert answer.headers.values("contact")[0].endswith(";expires=86400")
        await pause(1)
        (push,) = world.pushed(Kind.WAKE)
        proved = await claim(f"Ringwake-Ticket: {push.notice.ticket}")
        assert len(proved.headers.values("feature-caps")) == 1
        assert all(TICKET_FIELD not in up.headers for up in world.pbx.registers())

    in_front_of_pbx(test, PATH, token_claims=claims)


def test_a_phone_that_does_not_come_sends_no_call_on_while_another_rings() -> None:
    """The PBX calls each phone by itself: a mailbox in the place of one would take the call from the other."""

    async def test(world: PbxWorld) -> None:
        ringing, _ = await registered(world, "1")
        sleeping, _ = await registered(world, "2", address=Address("10.0.0.52", 4000))
        await sleeping.close()
        await pause(60)
        first, second = world.pbx.fork()
        await pause(0.2)
        ringing.answer(ringing.requests[-1], 180)
        await pause(25)
        assert world.pbx.requests(INVITE) == []
        assert [answer.status for answer in world.pbx.responses(first)] == [100, 180]
        assert {answer.status for answer in world.pbx.responses(second)} == {100, 480}

    in_front_of_pbx(test, PATH, no_wake="sip:500@pbx.example")
