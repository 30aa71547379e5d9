"""The provisional response of our own, and the early dialog that it begins."""

from __future__ import annotations

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import answer, asleep, awake, refuse
from tests.support.stranger import Stranger
from tests.support.tenant_world import TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, SERVER, World

from ringwake.edge.virtual_uas import AGAIN_SECONDS
from ringwake.model.events import Happened
from ringwake.model.store_ops import Park
from ringwake.model.tenant import WhileWaking
from ringwake.sip.address import parse_address
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, BYE, CANCEL, INFO, INVITE, MESSAGE, OPTIONS, PRACK, UPDATE
from ringwake.wake.means import Timing

ALICE = f"sip:alice@{DOMAIN}"
RINGING = WhileWaking.RINGING
OFFER = b"v=0\r\n"


class Call:
    """The boss calls alice by hand."""

    def __init__(self, boss: Stranger, invite: Request) -> None:
        self.boss = boss
        self.invite = invite

    @property
    def statuses(self) -> list[int]:
        return [response.status for response in self.boss.responses_to(self.invite)]

    @property
    def early(self) -> Response:
        """The first provisional response with a To-tag."""
        return next(r for r in self.boss.responses_to(self.invite) if 100 < r.status < 200)

    def inside(
        self, method: str, *more: str, seq: int = 2, body: bytes = b"", tag: str = "", call_id: str = ""
    ) -> Request:
        """Write a request inside the early dialog."""
        (contact,) = self.early.headers.values("contact")
        to = self.early.headers.get("to") or ""
        made = self.boss.request(
            method,
            parse_address(contact).uri,
            *more,
            to=to,
            call_id=call_id or self.invite.call_id,
            seq=seq,
            body=body,
        )
        sender = self.invite.headers.get("from") or ""
        made.headers.set("from", f"{sender.partition(';')[0]};tag={tag}" if tag else sender)
        return made

    async def ask(self, method: str, *more: str, seq: int = 2, body: bytes = b"", tag: str = "") -> Response:
        found = await self.boss.ask(self.inside(method, *more, seq=seq, body=body, tag=tag))
        assert found is not None
        return found

    def cancel(self) -> None:
        request = self.boss.request(CANCEL, ALICE, branch=self.invite.via.branch, call_id=self.invite.call_id)
        self.boss.send(request)


async def calling(
    world: World, *more: str, transport: Transport = Transport.TCP, body: bytes = b"", uri: str = ALICE
) -> Call:
    boss = await Stranger(world, transport=transport).open()
    contact = [] if any(field.startswith("Contact") for field in more) else [f"Contact: <sip:boss@{boss.address}>"]
    invite = await boss.signed("boss", boss.request(INVITE, uri, *contact, *more, body=body))
    boss.send(invite)
    await pause(0.1)
    return Call(boss, invite)


def waking(world: World) -> list[int]:
    return [int(str(e.fields["status"])) for e in world.events if e.what is Happened.CALLER_TOLD]


# ---- who hears what


@pytest.mark.parametrize("wish", [WhileWaking.RINGING, WhileWaking.QUEUED, WhileWaking.PROGRESS])
def test_a_caller_hears_what_its_tenant_wants_while_a_phone_wakes(wish: WhileWaking) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        assert call.statuses == [100, wish.value]
        assert waking(world) == [wish.value]
        response = call.early
        assert response.body == b""
        assert response.headers.values("contact") == [f"<sip:{SERVER};transport=tcp>"]
        assert len(parse_address(response.headers.get("to") or "").tag) == 24
        assert "record-route" not in response.headers
        assert "require" not in response.headers

    in_tenant_world(test, while_waking=wish)


def test_by_default_nothing_but_100_is_heard() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        await pause(10)
        assert call.statuses == [100]

    in_tenant_world(test)


@pytest.mark.parametrize(
    "field",
    [
        "Require: 100rel",
        "Require: timer, 100rel",
        "Require: no-fork",
        "Request-Disposition: no-fork",
        "d: queue, No-Fork",
        'Require: "x, y',
    ],
)
def test_who_takes_no_response_of_a_stranger_hears_only_100(field: str) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, field)
        await pause(5)
        assert call.statuses == [100]

    in_tenant_world(test, while_waking=RINGING)


def test_who_can_take_reliable_responses_gets_this_one_unreliably() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, "Supported: 100rel")
        assert call.statuses == [100, 180]
        assert "rseq" not in call.early.headers

    in_tenant_world(test, while_waking=RINGING)


def test_a_phone_that_is_awake_rings_by_itself_and_another_sleeps() -> None:
    async def test(world: TenantWorld) -> None:
        sleeping = await asleep(world)
        sleeping.wakes = False
        await awake(world, "alice")
        call = await calling(world)
        await pause(5)
        assert call.statuses == [100, 180]
        assert waking(world) == []
        assert "pn-" not in call.early.encode().decode()

    in_tenant_world(test, while_waking=RINGING)


def test_a_phone_that_only_seemed_awake_is_told_of_when_it_is_woken() -> None:
    """Its connection is dead, and nobody knows: after a second it is pushed to."""

    async def test(world: TenantWorld) -> None:
        alice = await Stranger(world).open()
        token = "pn-provider=fcm;pn-param=demo-project;pn-prid=token-of-alice-1"
        ok = await alice.ask_as("alice", alice.register("alice", contact=f"<sip:alice@{alice.address};{token}>"))
        assert ok.status == 200
        boss = await Stranger(world, address=alice.address._replace(port=7)).open()
        invite = await boss.signed("boss", boss.request(INVITE, ALICE, f"Contact: <sip:boss@{boss.address}>"))
        boss.send(invite)
        call = Call(boss, invite)
        await pause(0.5)
        assert call.statuses == [100]
        await pause(1)
        assert call.statuses == [100, 180]

    in_tenant_world(test, while_waking=RINGING)


def test_a_slow_answer_is_announced_each_minute_and_no_longer_than_it_is_true() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        await pause(2 * AGAIN_SECONDS)
        assert call.statuses == [100, 180, 180, 180]
        assert len({r.headers.get("to") for r in call.boss.responses_to(call.invite)[1:]}) == 1
        await alice.wake()
        await pause(AGAIN_SECONDS - 1)
        own = [r.headers.get("to") == call.early.headers.get("to") for r in call.boss.responses_to(call.invite)]
        assert own.count(True) == 3, "the phone rings by itself now"

    in_tenant_world(test, while_waking=RINGING, timing=Timing(wake=150.0, ring=25.0))


@pytest.mark.parametrize("broken", [(), (Park,)])
def test_it_waits_for_the_disk_as_the_100_does(broken: tuple[type, ...]) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        store = world.store
        assert isinstance(store, FaultyStore)
        store.delay, store.broken = 2.0, broken
        call = await calling(world)
        await pause(1)
        assert call.statuses == []
        await pause(1.5)
        assert call.statuses == [100, 180]
        store.delay = 0.0

    in_tenant_world(test, while_waking=RINGING, store=FaultyStore)


def test_nobody_to_wake_is_nothing_to_wait_for() -> None:
    async def test(world: TenantWorld) -> None:
        call = await calling(world)
        assert call.statuses == [480]
        assert len(world.core.calls) == 2  # refresher and upkeep

    in_tenant_world(test, while_waking=RINGING)


def test_the_routes_of_those_before_us_are_copied_and_ours_is_not_added() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        routes = ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]
        call = await calling(world, *(f"Record-Route: {route}" for route in routes))
        assert call.early.headers.values("record-route") == routes

    in_tenant_world(test, while_waking=RINGING)


def test_no_token_comes_back_in_a_copied_route() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, "Record-Route: <sip:p1.example;lr;pn-prid=secret>")
        assert call.early.headers.values("record-route") == ["<sip:p1.example;lr>"]

    in_tenant_world(test, while_waking=RINGING)


@pytest.mark.parametrize(
    ("uri", "field", "scheme"),
    [
        (f"sips:alice@{DOMAIN}", "Subject: x", "sips"),
        (ALICE, "Record-Route: <sips:p1.example;lr>", "sips"),
        (ALICE, "Contact: <sips:boss@b.example>", "sips"),
        (ALICE, "Subject: x", "sip"),
    ],
)
def test_our_contact_is_a_sips_uri_where_the_caller_must_see_one(uri: str, field: str, scheme: str) -> None:
    """RFC 3261 section 12.1.1."""

    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, field, transport=Transport.TLS, uri=uri)
        name = "tcp" if scheme == "sips" else "tls"
        assert call.early.headers.values("contact") == [f"<{scheme}:{SERVER};transport={name}>"]

    in_tenant_world(test, while_waking=RINGING)


@pytest.mark.parametrize("field", ["Contact: <nonsense>", 'Contact: "'])
def test_a_caller_without_a_readable_contact_gets_no_dialog(field: str) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, field)
        assert call.statuses == [100]

    in_tenant_world(test, while_waking=RINGING)


# ---- the phone's own responses, and the end


def test_the_phones_own_responses_pass_as_another_branch_of_the_fork() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        call = await calling(world)
        await pause(3)
        responses = call.boss.responses_to(call.invite)
        assert [r.status for r in responses][:4] == [100, 180, 180, 200]
        tags = [parse_address(r.headers.get("to") or "").tag for r in responses[1:]]
        assert tags[0] not in tags[1:]
        assert len(set(tags[1:])) == 1
        late = await call.ask(UPDATE)
        assert late.status == 481, "our dialog has ended with the answer"

    in_tenant_world(test, while_waking=RINGING)


def test_cancel_during_our_180_gives_487_once() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        call.cancel()
        await pause(30)
        assert call.statuses == [100, 180, 487]
        (final,) = [r for r in call.boss.responses_to(call.invite) if r.status == 487]
        assert final.headers.get("to") != call.early.headers.get("to")
        await pause(100)
        assert len(world.core.calls) == 2, "nothing of it is kept"

    in_tenant_world(test, while_waking=RINGING)


def test_the_next_life_of_the_process_speaks_with_the_same_tag() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, transport=Transport.UDP)
        await world.restart()
        await pause(1)
        responses = call.boss.responses_to(call.invite)
        assert [r.status for r in responses] == [100, 180, 100, 180]
        assert responses[1].headers.get("to") == responses[3].headers.get("to")
        assert (await call.ask(UPDATE)).status == 200

    in_tenant_world(test, while_waking=RINGING)


# ---- inside the dialog


@pytest.mark.parametrize(
    ("method", "fields", "body", "status"),
    [
        (PRACK, ["RAck: 1 1 INVITE"], b"", 481),
        (UPDATE, ["Supported: timer", "Session-Expires: 1800"], b"", 200),
        (UPDATE, [], OFFER, 500),
        (UPDATE, ["Require: timer"], b"", 420),
        (INFO, [], b"", 200),
        (INFO, ["Content-Type: application/dtmf-relay"], b"Signal=1\r\n", 415),
        (INFO, ["Info-Package: conference"], b"", 469),
        (OPTIONS, [], b"", 200),
        (INVITE, [], b"", 500),
        (MESSAGE, [], b"", 405),
        ("NONSENSE", [], b"", 501),
    ],
)
def test_what_comes_inside_our_dialog_is_answered_by_the_book(
    method: str, fields: list[str], body: bytes, status: int
) -> None:
    """RFC 3261 section 12.2.2, RFC 3262 section 3, RFC 3311 section 5.2, RFC 6086 section 4.2.2."""

    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world, body=OFFER)
        found = await call.ask(method, *fields, body=body)
        assert found.status == status
        assert found.headers.get("to") == call.early.headers.get("to")
        if status == 500:
            assert 0 <= int(found.headers.get("retry-after") or "-1") <= 10
        if (method, status) == (UPDATE, 200):
            assert found.headers.get("contact") == call.early.headers.get("contact")
        if status == 420:
            assert found.headers.get("unsupported") == "timer"
        assert ("allow" in found.headers) == (status in (405, 501) or method == OPTIONS)
        await pause(1)
        assert call.statuses == [100, 180], "the call waits on"

    in_tenant_world(test, while_waking=RINGING)


def test_an_offer_in_an_update_is_not_acceptable_when_the_invite_made_none() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        assert (await call.ask(UPDATE, body=OFFER)).status == 488

    in_tenant_world(test, while_waking=RINGING)


def test_a_request_out_of_order_is_500() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        assert [(await call.ask(INFO, seq=seq)).status for seq in (5, 4, 6)] == [200, 500, 200]

    in_tenant_world(test, while_waking=RINGING)


def test_bye_ends_the_call_while_no_phone_rings() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        assert (await call.ask(BYE)).status == 200
        await pause(0.1)
        assert call.statuses == [100, 180, 487]
        await alice.wake()
        await pause(5)
        assert alice.calls == []
        assert (await call.ask(BYE, seq=3)).status == 481

    in_tenant_world(test, while_waking=RINGING)


def test_bye_ends_only_our_dialog_when_a_phone_rings_in_its_own() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        call = await calling(world)
        await pause(3)
        assert (await call.ask(BYE)).status == 200
        assert (await call.ask(UPDATE, seq=3)).status == 481
        answer(alice, alice.calls[0])
        await pause(1)
        assert call.statuses[:4] == [100, 180, 180, 200]

    in_tenant_world(test, while_waking=RINGING)


def test_another_dialog_is_not_ours() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        call = await calling(world)
        assert (await call.ask(BYE, tag="another")).status == 481
        other = await call.boss.ask(call.inside(BYE, call_id="another"))
        assert other is not None
        assert other.status == 481
        call.boss.send(call.inside(ACK, seq=1))
        await pause(1)
        assert call.statuses == [100, 180]

    in_tenant_world(test, while_waking=RINGING)


def test_a_phone_that_refuses_ends_the_call_with_its_word() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.on_call = refuse(486)
        call = await calling(world)
        await pause(3)
        assert call.statuses[:2] == [100, 180]
        assert call.statuses[-1] == 486

    in_tenant_world(test, while_waking=RINGING)
