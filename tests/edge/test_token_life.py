"""The life of a push token (reliability P7, F5): only its provider ends it, never by mistake, and never all at once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from tests.store.reloading import ReloadingStore
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, call, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, EPOCH, PROJECT, Phone, World
from tests.wake.phones import iphone

from ringwake.edge import upkeep
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Outcome, Unregistered
from ringwake.model.store_ops import ContactUpdate, ListBindings, Register, Registered
from ringwake.model.token_ops import RestoreTokens
from ringwake.model.upload import PutUpload, Upload
from ringwake.push.apns import verdict as apns
from ringwake.push.fcm import verdict as fcm
from ringwake.push.transport.http import Answer
from ringwake.push.webpush import client as webpush
from ringwake.registrar.push_target import push_target
from ringwake.sip.flow import Address
from ringwake.sip.push_params import PushParams
from ringwake.ua.call import CallState
from ringwake.wake.token_guard import MOST, QUIET

GONE = Unregistered("Unregistered")
Verdict = Callable[..., Outcome]


async def bindings(world: World, user: str = "") -> tuple[Binding, ...]:
    aor = Aor(f"{user}@{DOMAIN}") if user else None
    return await world.store.do(ListBindings(aor=aor, wall=world.wall(world.loop.time())))


async def tokens(world: World, user: str = "alice") -> list[str]:
    return [token.reveal() for known in await bindings(world, user) if known.push for _, token in known.push.tokens]


def noted(world: World, what: Happened) -> list[dict[str, object]]:
    return [dict(event.fields) for event in world.events if event.what is what]


async def rotated(phone: Phone, token: str) -> None:
    """Let the phone's app get another token, and register it."""
    phone.token, phone._registration = token, None
    await phone.wake()


def said(verdict: Verdict, status: int, body: object) -> Outcome:
    return verdict(Answer(status=status, body=json.dumps(body).encode()), wall=EPOCH)


def fcm_error(status: str, code: str = "") -> dict[str, object]:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return {"error": {"status": status, "message": "-", "details": details}}


# ---- mistakes of ours, and troubles of the provider, end no token


@pytest.mark.parametrize(
    ("verdict", "status", "body"),
    [
        *(
            (apns.verdict, status, {"reason": reason})
            for status, reason in [
                (403, "InvalidProviderToken"),
                (403, "ExpiredProviderToken"),
                (403, "MissingProviderToken"),
                (403, "BadCertificate"),
                (403, "BadCertificateEnvironment"),
                (403, "Forbidden"),
                (400, "TopicDisallowed"),
                (400, "BadTopic"),
                (400, "MissingTopic"),
                (400, "MissingDeviceToken"),
                (400, "InvalidPushType"),
                (404, "BadPath"),
                (405, "MethodNotAllowed"),
                (413, "PayloadTooLarge"),
                (429, "TooManyRequests"),
                (500, "InternalServerError"),
                (503, "Shutdown"),
            ]
        ),
        (fcm.verdict, 403, fcm_error("PERMISSION_DENIED", "SENDER_ID_MISMATCH")),
        (fcm.verdict, 403, fcm_error("PERMISSION_DENIED")),
        (fcm.verdict, 401, fcm_error("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")),
        (fcm.verdict, 401, fcm_error("UNAUTHENTICATED")),
        (fcm.verdict, 400, fcm_error("INVALID_ARGUMENT")),
        (fcm.verdict, 404, fcm_error("NOT_FOUND")),
        (fcm.verdict, 429, fcm_error("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")),
        (fcm.verdict, 503, fcm_error("UNAVAILABLE", "UNAVAILABLE")),
        (webpush.verdict, 400, {}),
        (webpush.verdict, 401, {"errno": 109}),
        (webpush.verdict, 403, {"reason": "VapidPkHashMismatch"}),
        (webpush.verdict, 403, {"reason": "BadJwtToken"}),
        (webpush.verdict, 413, {}),
        (webpush.verdict, 429, {}),
        (webpush.verdict, 502, {}),
    ],
)
def test_no_mistake_of_ours_ends_a_token(verdict: Verdict, status: int, body: object) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        known = await bindings(world, "alice")
        world.provider.answer = lambda _: said(verdict, status, body)
        boss = await awake(world)
        call(boss, alice)
        await line_of(boss).message(alice.aor, "hello")
        await pause(300)
        assert len(world.provider.pushes) >= 2
        assert await bindings(world, "alice") == known
        assert noted(world, Happened.TOKEN_FORGOTTEN) == []

    in_world(test)


@pytest.mark.parametrize(
    ("verdict", "status", "body"),
    [
        (apns.verdict, 410, {"reason": "Unregistered"}),
        (fcm.verdict, 404, fcm_error("NOT_FOUND", "UNREGISTERED")),
        (webpush.verdict, 410, {}),
        (webpush.verdict, 404, {}),
    ],
)
def test_a_token_that_its_provider_calls_dead_is_forgotten_and_the_caller_hears_at_once(
    verdict: Verdict, status: int, body: object
) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        world.provider.answer = lambda _: said(verdict, status, body)
        outgoing = call(await awake(world), alice)
        await pause(2)
        assert outgoing.status == 480
        assert await tokens(world) == []
        (told,) = noted(world, Happened.TOKEN_FORGOTTEN)
        assert alice.token not in str(told)
        await alice.wake()
        assert await tokens(world) == [alice.token], "the phone says that it lives"

    in_world(test)


# ---- compare, then clear


@pytest.mark.parametrize("token", ["", "a-new-token"], ids=["same", "new"])
@pytest.mark.parametrize("at", [None, -1.0, 1.0], ids=["untimed", "before", "after"])
def test_a_late_word_does_not_reach_what_was_registered_meanwhile(token: str, at: float | None) -> None:
    """The 410 answers a push that went out before the REGISTER; its time may lie before that, or be none."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        world.provider.delay = 5.0
        began = world.loop.time()
        # A time after the REGISTER speaks of that registration, if it is the same token.
        dead_at = None if at is None else world.wall(began + 2.0 + at)
        world.provider.answer = lambda push: (
            Unregistered("Unregistered", dead_at) if push.token.reveal() == f"{first}" else Accepted("1")
        )
        first = alice.token
        call(await awake(world), alice)
        await pause(began + 2.0 - world.loop.time())
        await rotated(alice, token or alice.token)
        assert len(alice.calls) == 1
        await pause(10)
        is_dead = not token and at == 1.0
        assert await tokens(world) == ([] if is_dead else [alice.token])
        assert len(alice.calls) == 1

    in_world(test)


def test_of_an_iphones_two_tokens_only_the_dead_one_goes_and_calls_use_the_other() -> None:
    async def test(world: World) -> None:
        aor, wall = Aor(f"alice@{DOMAIN}"), world.wall(world.loop.time())
        contact = ContactUpdate(new_id="i", uri="sip:alice@10.9.9.9", expires=3600.0, push=iphone())
        flow = (await awake(world, "carol")).line
        assert flow is not None
        op = Register(aor=aor, call_id="1", cseq=1, flow=flow.flow._replace(serial=99), contacts=(contact,), wall=wall)
        assert isinstance(await world.store.do(op), Registered)
        voip, remote = (token.reveal() for _, token in iphone().tokens)
        world.provider.answer = lambda push: GONE if push.token.reveal() == voip else Accepted("1")
        boss = await awake(world)
        assert await tokens(world) == [voip, remote]
        call(boss, f"sip:alice@{DOMAIN}")
        await pause(1)
        assert await tokens(world) == [remote]
        call(boss, f"sip:alice@{DOMAIN}")
        await pause(1)
        assert [push.token.reveal() for push in world.pushed("call")] == [voip, remote]

    in_world(test)


def test_a_token_that_was_uploaded_after_the_time_that_its_provider_names_stands() -> None:
    async def test(world: World) -> None:
        phone = world.phone("alice", push=False)
        await phone.wake()
        await phone.sleep()
        await pause(100)
        params = PushParams(provider="fcm", param=PROJECT, prid="uploaded-token")
        target = push_target(params, DOMAIN, world.directory)
        assert target is not None
        upload = Upload(aor=Aor(f"alice@{DOMAIN}"), instance="", push=target, at=world.wall(world.loop.time()))
        assert await world.store.do(PutUpload(upload)) is True
        named = upload.at - 50
        world.provider.answer = lambda _: Unregistered("Unregistered", named)
        boss = await awake(world)
        call(boss, phone)
        await pause(5)
        assert await tokens(world) == ["uploaded-token"]
        named = upload.at + 50
        call(boss, phone)
        await pause(5)
        assert await tokens(world) == []

    in_world(test)


# ---- another token for the same phone


@pytest.mark.parametrize("is_same", ["instance", "contact"])
def test_a_phone_with_a_new_token_stays_the_phone_that_it_was(is_same: str) -> None:
    async def test(world: World) -> None:
        instance = ';+sip.instance="<urn:1>"' if is_same == "instance" else ""
        ports = itertools.count(6001)

        async def register(token: str, *, after: float = 1.0) -> Binding:
            """Come from a new port, register, and go after a while."""
            phone = await Stranger(world, address=Address("10.9.9.7", next(ports))).open()
            push = f"pn-provider=fcm;pn-param={PROJECT};pn-prid={token}"
            asked = phone.register("alice", contact=f"<sip:alice@10.9.9.7;{push}>{instance}", expires=3600)
            assert (await phone.ask_as("alice", asked)).status == 200
            await pause(after)
            await phone.close()
            (found,) = await bindings(world, "alice")
            return found

        before = await register("the-old-token")
        boss = await awake(world)
        call(boss, f"sip:alice@{DOMAIN}")
        await pause(1)
        woken = await register("the-old-token")
        assert woken.wakes.by_reason() == {"call": 1}
        await pause(100)
        after = await register("the-new-token")
        assert (after.id, after.phone, after.wakes) == (before.id, before.phone, woken.wakes)
        first, then = (None if b.refresh_at is None else b.refresh_at - b.registered_at for b in (before, after))
        assert then == pytest.approx(first), "the clock of silent pushes begins anew"
        assert await tokens(world) == ["the-new-token"]
        known = len(world.provider.pushes)
        call(boss, f"sip:alice@{DOMAIN}")
        await pause(15)
        assert {push.token.reveal() for _, push in world.provider.pushes[known:]} == {"the-new-token"}

    in_world(test)


@pytest.mark.parametrize("outcome", [Accepted("1"), GONE], ids=["taken", "dead"])
def test_a_call_whose_push_is_under_way_to_the_old_token_rings_once(outcome: Outcome) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        old, alice.wakes = alice.token, False
        world.provider.delay = 3.0
        world.provider.answer = lambda push: outcome if push.token.reveal() == old else Accepted("1")
        outgoing = call(await awake(world), alice)
        await pause(1)
        await rotated(alice, "the-new-token")
        await pause(10)
        assert len(alice.calls) == 1
        assert outgoing.state is CallState.RINGING
        assert await tokens(world) == ["the-new-token"]
        assert [push.token.reveal() for push in world.pushed("call")] == [old]

    in_world(test)


def test_a_silent_push_that_is_under_way_to_the_old_token_changes_nothing_for_the_new_one() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        old, alice.wakes = alice.token, False
        (known,) = await bindings(world, "alice")
        assert known.refresh_at is not None
        world.provider.answer = lambda _: GONE
        world.provider.delay = 30.0
        await pause(known.refresh_at - world.wall(world.loop.time()) + 15)
        assert [push.token.reveal() for push in world.pushed("refresh")] == [old]
        await rotated(alice, "the-new-token")
        (fresh,) = await bindings(world, "alice")
        await pause(60)
        assert await bindings(world, "alice") == (fresh,)
        assert fresh.refresh_tries == 0

    in_world(test, limit=40 * 86400)


# ---- the guard


async def crowd(world: World, count: int, *, apart: float = 0.0) -> list[str]:
    """Let so many phones register, and fall asleep; return their tokens. Silent pushes to them are due from now on."""
    found = []
    wall = world.wall(world.loop.time())
    base = await asleep(world)
    (like,) = await bindings(world, "alice")
    for number in range(count):
        user = f"user{number}"
        params = PushParams(provider="fcm", param=PROJECT, prid=f"token-of-{user}")
        target = push_target(params, DOMAIN, world.directory)
        due = wall + 100 + apart * number
        contact = ContactUpdate(
            new_id=user, uri=f"sip:{user}@10.1.1.1", expires=30 * 86400.0, push=target, refresh_at=due
        )
        aor = Aor(f"{user}@{DOMAIN}")
        op = Register(aor=aor, call_id=user, cseq=1, flow=like.flow, contacts=(contact,), wall=wall)
        assert isinstance(await world.store.do(op), Registered)
        found.append(f"token-of-{user}")
    base.wakes = False
    return found


async def left(world: World) -> int:
    return sum(known.push is not None for known in await bindings(world) if known.aor.startswith("user"))


@pytest.mark.parametrize("store", [ReloadingStore, FaultyStore])
def test_a_provider_that_calls_all_tokens_dead_takes_none_away(store: Callable[[], ReloadingStore]) -> None:
    async def test(world: World) -> None:
        known = await crowd(world, 60)
        world.provider.answer = lambda push: GONE if push.token.reveal() in known else Accepted("1")
        await pause(120)
        assert {push.token.reveal() for push in world.pushed("refresh")} == set(known)
        assert await left(world) == 60, "the twenty that went are back"
        assert noted(world, Happened.TOKEN_GUARD_TRIPPED) == [{"provider": "fcm", "app": PROJECT}]
        assert [fields["bindings"] for fields in noted(world, Happened.TOKENS_RESTORED)] == [MOST]
        assert len(noted(world, Happened.TOKEN_SUSPECT)) >= 40
        (trip,) = world.core.means.guard.tripped()
        assert trip.app.param == PROJECT
        everyone = await bindings(world)
        assert all(each.refresh_at is not None for each in everyone), "they are tried again"

    in_world(test, store=store, limit=40 * 86400)


def test_while_it_has_tripped_callers_hear_soon_and_the_next_call_tries_again() -> None:
    async def test(world: World) -> None:
        known = await crowd(world, 30)
        world.provider.answer = lambda _: GONE
        await pause(120)
        alice = next(phone for phone in world.phones if phone.user == "alice")
        boss = await awake(world)
        first = call(boss, alice)
        await pause(1)
        assert first.status == 480
        assert await tokens(world) == [alice.token]
        world.provider.answer = lambda _: Accepted("1")
        alice.wakes = True
        await pause(10)
        call(boss, alice)
        await pause(2)
        assert len(alice.calls) == 1
        assert len(known) == 30

    in_world(test, limit=40 * 86400)


def test_when_the_provider_has_come_to_its_senses_deletion_begins_again() -> None:
    async def test(world: World) -> None:
        await crowd(world, 30)
        world.provider.answer = lambda _: GONE
        await pause(120)
        assert world.core.means.guard.tripped() != []
        world.provider.answer = lambda _: Accepted("1")
        await pause(QUIET + 2 * upkeep.SECONDS)
        assert world.core.means.guard.tripped() == []
        assert len(noted(world, Happened.TOKEN_GUARD_RESET)) == 1
        world.provider.answer = lambda _: GONE
        call(await awake(world), next(phone for phone in world.phones if phone.user == "alice"))
        await pause(1)
        assert await tokens(world) == []

    in_world(test, limit=40 * 86400)


def test_what_a_full_disk_could_not_put_back_comes_back_later() -> None:
    async def test(world: World) -> None:
        assert isinstance(world.store, FaultyStore)
        await crowd(world, 30)
        world.store.broken = (RestoreTokens,)
        world.provider.answer = lambda _: GONE
        await pause(120)
        assert await left(world) == 30 - MOST
        assert {"op": "restore_tokens", "reason": "the disk is full"} in noted(world, Happened.STORE_FAILED)
        world.store.broken = ()
        await pause(2 * upkeep.SECONDS)
        assert await left(world) == 30

    in_world(test, store=FaultyStore, limit=40 * 86400)


def test_one_in_twenty_may_be_dead_among_many() -> None:
    async def test(world: World) -> None:
        known = await crowd(world, 600, apart=1.0)
        dead = known[::24]
        world.provider.answer = lambda push: GONE if push.token.reveal() in dead else Accepted("1")
        await pause(900)
        assert len(dead) == 25
        assert world.core.means.guard.tripped() == []
        assert await left(world) == 575

    in_world(test, limit=40 * 86400)


def test_phones_that_are_thrown_away_now_and_then_are_forgotten() -> None:
    async def test(world: World) -> None:
        known = await crowd(world, 10)
        world.provider.answer = lambda push: GONE if push.token.reveal() in known else Accepted("1")
        await pause(120)
        assert await left(world) == 0
        assert world.core.means.guard.tripped() == []
        assert len(noted(world, Happened.TOKEN_FORGOTTEN)) == 10

    in_world(test, limit=40 * 86400)
