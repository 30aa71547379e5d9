"""What each answer of each push service does: to the token, to the push, and to the caller who waits.

The answers are written by the emulators and read by the senders, which share no code; the call runs in virtual time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pytest
from tests.support.in_world import asleep, awake, call, in_world
from tests.support.virtual_loop import pause
from tests.support.world import EPOCH, Phone, World

from ringwake.emulators import apns as apple
from ringwake.emulators import webpush as browser
from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.google_error import GoogleError, auth_error, fcm_error, field_error, switched_error
from ringwake.model.binding import Binding
from ringwake.model.push import Accepted, Outcome
from ringwake.model.store_ops import ListBindings
from ringwake.push.apns.verdict import verdict as of_apns
from ringwake.push.fcm.verdict import verdict as of_fcm
from ringwake.push.transport.http import Answer
from ringwake.push.webpush.client import verdict as of_webpush
from ringwake.ua.call import CallState

_ASKED = Request(method="POST", target="/", headers=(), body=b"")
WINDOW = 20.0


class Fate(Enum):
    """What becomes of the push and its token."""

    TAKEN = "taken: the phone is waited for"
    DEAD = "the token is dead: it goes, the caller hears it at once"
    FINAL = "this push will not do: no other try, the token stays, the caller hears it at once"
    AGAIN = "tried again inside the window, the token stays: the phone rings when the service is well again"
    LATER = "the service names a time after the window: no other try, the token stays"


@dataclass(frozen=True, slots=True)
class Row:
    """One answer."""

    service: str
    status: int
    reason: str
    fate: Fate
    retry_after: str = ""
    said: GoogleError | None = None
    """FCM: the very answer, where its details decide."""

    def __str__(self) -> str:
        words = (self.service, str(self.status), self.reason, self.retry_after and "Retry-After")
        return " ".join(filter(None, words))

    def outcome(self) -> Outcome:
        """Return what the sender makes of it."""
        said = self._response()
        headers = {name.lower(): value for name, value in said.headers}
        if self.retry_after:
            headers["retry-after"] = self.retry_after
        read = {"apns": of_apns, "fcm": of_fcm, "webpush": of_webpush}[self.service]
        return read(Answer(status=said.status, headers=headers, body=said.body), wall=EPOCH)

    def _response(self) -> Response:
        match self.service:
            case "apns":
                # The phone registered this token before the moment that a 410 names: it is that one's.
                return apple.fault(_ASKED, self.status, self.reason, EPOCH + 10**6)
            case "webpush":
                return browser.fault(_ASKED, self.status, self.reason, EPOCH)
            case _ if self.said is not None:
                return self.said.to_response()
            case _ if self.status == 200:
                return Response(status=200, body=b'{"name": "projects/p/messages/0:1"}')
            case _:
                return switched_error(self.status, self.reason).to_response()


def _apns(status: int, reasons: str, fate: Fate) -> list[Row]:
    return [Row("apns", status, reason, fate) for reason in reasons.split()]


APNS = [
    Row("apns", 200, "", Fate.TAKEN),
    *_apns(400, "BadDeviceToken DeviceTokenNotForTopic", Fate.DEAD),
    *_apns(410, "ExpiredToken Unregistered", Fate.DEAD),
    *_apns(400, "BadCollapseId BadExpirationDate BadMessageId BadPriority BadTopic DuplicateHeaders", Fate.FINAL),
    *_apns(400, "InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed", Fate.FINAL),
    *_apns(413, "PayloadTooLarge", Fate.FINAL),
    *_apns(400, "IdleTimeout", Fate.AGAIN),
    *_apns(403, "BadCertificate BadCertificateEnvironment ExpiredProviderToken Forbidden", Fate.AGAIN),
    *_apns(403, "InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken", Fate.AGAIN),
    *_apns(403, "BadEnvironmentKeyIdInToken", Fate.AGAIN),
    *_apns(404, "BadPath", Fate.FINAL),
    *_apns(405, "MethodNotAllowed", Fate.FINAL),
    *_apns(429, "TooManyProviderTokenUpdates TooManyRequests", Fate.AGAIN),
    *_apns(500, "InternalServerError", Fate.AGAIN),
    *_apns(503, "ServiceUnavailable Shutdown", Fate.AGAIN),
    Row("apns", 503, "ServiceUnavailable", Fate.AGAIN, retry_after="3"),
    Row("apns", 429, "TooManyRequests", Fate.LATER, retry_after="120"),
]
FCM = [
    Row("fcm", 200, "", Fate.TAKEN),
    Row("fcm", 404, "UNREGISTERED", Fate.DEAD),
    Row("fcm", 400, "INVALID_ARGUMENT", Fate.FINAL),
    Row("fcm", 400, "of the token", Fate.DEAD, said=fcm_error("INVALID_ARGUMENT", "not a valid registration token")),
    Row("fcm", 400, "of a field", Fate.FINAL, said=field_error("message.android.ttl", "is malformed")),
    Row("fcm", 400, "of the token's field", Fate.FINAL, said=field_error("message.token", "is malformed")),
    Row("fcm", 401, "of our access token", Fate.AGAIN, said=auth_error("ACCESS_TOKEN_EXPIRED", "it has expired")),
    Row("fcm", 403, "SENDER_ID_MISMATCH", Fate.AGAIN),
    Row("fcm", 401, "THIRD_PARTY_AUTH_ERROR", Fate.AGAIN),
    Row("fcm", 401, "UNAUTHENTICATED", Fate.AGAIN),
    Row("fcm", 500, "INTERNAL", Fate.AGAIN),
    Row("fcm", 500, "UNSPECIFIED_ERROR", Fate.AGAIN),
    Row("fcm", 503, "UNAVAILABLE", Fate.AGAIN),
    Row("fcm", 503, "UNAVAILABLE", Fate.AGAIN, retry_after="2"),
    Row("fcm", 429, "QUOTA_EXCEEDED", Fate.AGAIN, retry_after="2"),
    Row("fcm", 429, "QUOTA_EXCEEDED", Fate.LATER),
    Row("fcm", 404, "of the project", Fate.FINAL, said=GoogleError(404, "NOT_FOUND", reason="", message="no project")),
]
WEBPUSH = [
    *(Row("webpush", status, "", Fate.TAKEN) for status in (200, 201, 202)),
    *(Row("webpush", status, "", Fate.DEAD) for status in (404, 410)),
    *(Row("webpush", status, "", Fate.FINAL) for status in (400, 405, 413)),
    *(Row("webpush", status, "", Fate.AGAIN) for status in (301, 307, 401, 403, 429, 500, 502, 503, 504)),
    Row("webpush", 429, "", Fate.AGAIN, retry_after="5"),
    Row("webpush", 429, "", Fate.LATER, retry_after="3600"),
]
TABLE = pytest.mark.parametrize("row", [*APNS, *FCM, *WEBPUSH], ids=str)


def binding_of(world: World, phone: Phone) -> Binding:
    """Return what the store knows of a phone."""
    found: list[tuple[Binding, ...]] = []
    world.store.submit(ListBindings(aor=None, wall=world.wall(world.loop.time())), found.append)
    return next(binding for binding in found[0] if binding.aor.startswith(phone.user))


@TABLE
def test_the_token_goes_only_when_the_service_calls_it_dead(row: Row) -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False
        world.provider.answer = lambda _: row.outcome()
        call(boss, alice)
        await pause(2 * WINDOW)
        assert (binding_of(world, alice).push is None) == (row.fate is Fate.DEAD)

    in_world(test)


@TABLE
def test_a_push_is_tried_again_only_where_that_can_help(row: Row) -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False
        world.provider.answer = lambda _: row.outcome()
        call(boss, alice)
        await pause(WINDOW - 1)
        pushes = world.pushed("call")
        assert (len(pushes) > 1) == (row.fate is Fate.AGAIN)
        assert len({push.notice.id for push in pushes}) == 1

    in_world(test)


@TABLE
def test_the_caller_hears_480_as_soon_as_nobody_can_be_woken(row: Row) -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False
        world.provider.answer = lambda _: row.outcome()
        outgoing = call(boss, alice)
        await pause(1)
        assert outgoing.status == (480 if row.fate in (Fate.DEAD, Fate.FINAL) else 100)
        await pause(WINDOW)
        assert outgoing.status == 480

    in_world(test)


@TABLE
def test_a_phone_rings_when_its_service_is_well_again(row: Row) -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        world.provider.answer = lambda _: row.outcome()
        outgoing = call(boss, alice)
        await pause(4)
        world.provider.answer = lambda _: Accepted("1")
        await pause(WINDOW - 5)
        rings = row.fate in (Fate.TAKEN, Fate.AGAIN)
        assert (outgoing.state is CallState.RINGING, len(alice.calls)) == (rings, int(rings))

    in_world(test)


@TABLE
def test_the_next_call_pushes_again_unless_the_token_is_dead(row: Row) -> None:
    """Suspect is not dead: what was wrong may be mended by then."""

    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False
        world.provider.answer = lambda _: row.outcome()
        call(boss, alice)
        await pause(3 * WINDOW)
        world.provider.answer, alice.wakes = lambda _: Accepted("1"), True
        outgoing = call(boss, alice)
        await pause(5)
        assert (outgoing.state is CallState.RINGING) == (row.fate is not Fate.DEAD)

    in_world(test)
