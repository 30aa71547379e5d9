"""`PUT /me/webpush`: a browser's push keys, for a device token; what no push could use is refused at once."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.api.bed import FIXED, STORED, Answer, Asker, Bed, device_token, in_bed
from tests.store.samples import contact, register, webpush
from tests.support.faulty_store import FaultyStore

from ringwake.model.account import Aor
from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.push import Kind, PushTarget, Service
from ringwake.model.store_ops import ListBindings, PutSubscription
from ringwake.secret import Token

ENDPOINT = "https://push.example.net/canary"
_PUBLIC = generate_private_key(SECP256R1()).public_key()
POINT = _PUBLIC.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
COMPRESSED = _PUBLIC.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def subscription(p256dh: str = base64url(POINT), auth: str = base64url(b"a" * 16)) -> dict[str, Any]:
    """Return what PushSubscription.toJSON() gives."""
    return {"endpoint": ENDPOINT, "expirationTime": None, "keys": {"p256dh": p256dh, "auth": auth}}


async def put(phone: Asker, token: str, body: object) -> Answer:
    return await phone.ask("PUT", "/me/webpush", body, authorization=f"Bearer {token}")


async def binding(bed: Bed) -> Binding:
    (found,) = await bed.store.do(ListBindings(aor=None, wall=bed.backend.wall()))
    return found


def test_the_keys_join_the_phone_that_has_the_endpoint_in_either_order() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        token = await device_token(phone)
        answer = await put(phone, token, subscription())
        assert (answer.status, answer.body) == (204, b"")
        target = webpush(ENDPOINT)
        await bed.store.do(register(contact(push=target), aor=Aor(STORED), wall=bed.backend.wall()))
        for auth in (b"a" * 16, b"b" * 16):
            found = (await binding(bed)).push
            assert found is not None
            assert found.keys is not None
            assert (found.keys.p256dh, found.keys.auth.reveal()) == (POINT, auth)
            await put(phone, token, subscription(auth=base64url(b"b" * 16)))

    in_bed(test)


def test_the_keys_of_one_account_do_not_reach_the_phones_of_another() -> None:
    async def test(bed: Bed) -> None:
        await bed.store.do(register(contact(push=webpush(ENDPOINT)), aor=Aor(FIXED), wall=bed.backend.wall()))
        phone = bed.phone()
        assert (await put(phone, await device_token(phone), subscription())).status == 204
        found = (await binding(bed)).push
        assert found is not None
        assert found.keys is None

    in_bed(test)


@pytest.mark.parametrize("credentials", ["", "Bearer", "Bearer ", "Bearer x", "Basic x", "Digest x", "Bearer \xff"])
def test_keys_are_taken_for_a_device_token_only(credentials: str) -> None:
    async def test(bed: Bed) -> None:
        more = {"authorization": credentials} if credentials else {}
        answer = await bed.phone().ask("PUT", "/me/webpush", subscription(), **more)
        assert (answer.status, answer.header("www-authenticate")) == (401, "Bearer")
        assert answer.problem() == "the device token is missing or over: POST /me/token"

    in_bed(test)


def test_a_token_ends_after_its_day_and_with_its_password() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        token = await device_token(phone)
        bed.now += 86401
        assert (await put(phone, token, subscription())).status == 401
        token = await device_token(phone)
        await bed.put(STORED, "another")
        assert (await put(phone, token, subscription())).status == 401

    in_bed(test)


OFF_CURVE = b"\4" + b"\1" * 64
BAD = [
    (subscription(p256dh=""), "keys.p256dh is no uncompressed P-256 point in base64url"),
    (subscription(p256dh="!"), "keys.p256dh is no uncompressed P-256 point in base64url"),
    (subscription(p256dh="ä"), "keys.p256dh is no uncompressed P-256 point in base64url"),
    (subscription(p256dh=base64url(POINT[:-1])), "keys.p256dh is no uncompressed P-256 point in base64url"),
    (subscription(p256dh=base64url(COMPRESSED)), "keys.p256dh is no uncompressed P-256 point in base64url"),
    (subscription(p256dh=base64url(OFF_CURVE)), "keys.p256dh is no uncompressed P-256 point in base64url"),
    (subscription(p256dh="A" * 101), "Expected `str` of length <= 100 - at `$.keys.p256dh`"),
    (subscription(auth=""), "keys.auth is not 16 octets in base64url"),
    (subscription(auth=base64url(b"a" * 15)), "keys.auth is not 16 octets in base64url"),
    (subscription(auth="a"), "keys.auth is not 16 octets in base64url"),
    (subscription(auth="A" * 41), "Expected `str` of length <= 40 - at `$.keys.auth`"),
    ({**subscription(), "endpoint": "x"}, "Expected `str` of length >= 9 - at `$.endpoint`"),
    ({**subscription(), "endpoint": "https://" + "x" * 1024}, "Expected `str` of length <= 1024 - at `$.endpoint`"),
    ({**subscription(), "endpoint": 5}, "Expected `str`, got `int` - at `$.endpoint`"),
    ({**subscription(), "keys": None}, "Expected `object`, got `null` - at `$.keys`"),
    ({"endpoint": ENDPOINT}, "Object missing required field `keys`"),
    ([], "Expected `object`, got `array`"),
]


@pytest.mark.parametrize(("body", "detail"), BAD)
def test_a_subscription_that_no_push_can_use_is_refused_at_once(body: object, detail: str) -> None:
    """Not at the first call, when the phone can hear of it no more."""

    async def test(bed: Bed) -> None:
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), body)
        assert (answer.status, answer.problem()) == (422, detail)
        assert phone.faults == []

    in_bed(test)


@pytest.mark.parametrize("padding", ["", "="])
def test_padding_does_no_harm(padding: str) -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        body = subscription(base64url(POINT) + padding, base64url(b"a" * 16) + padding * 2)
        assert (await put(phone, await device_token(phone), body)).status == 204

    in_bed(test)


def test_a_tenant_without_web_push_says_so() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), subscription())
        assert (answer.status, answer.problem()) == (404, "this server has no Web Push application")

    in_bed(test, webpush=False)


def test_keys_that_are_not_on_disk_are_to_be_sent_again() -> None:
    async def test(bed: Bed) -> None:
        assert isinstance(bed.store, FaultyStore)
        bed.store.broken = (PutSubscription,)
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), subscription())
        assert (answer.status, answer.header("retry-after")) == (503, "5")

    in_bed(test, store=FaultyStore())


def test_a_hostile_phone_fills_no_more_than_its_room() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        token = await device_token(phone)
        for number in range(50):
            body = {**subscription(), "endpoint": f"{ENDPOINT}/{number}"}
            assert (await put(phone, token, body)).status == 204
        last, first = (webpush(f"{ENDPOINT}/{number}") for number in (49, 0))
        for name, target, is_known in (("a", last, True), ("b", first, False)):
            op = register(contact(name, push=target), aor=Aor(STORED), call_id=name, wall=bed.backend.wall())
            await bed.store.do(op)
            found = {one.id: one for one in await bed.store.do(ListBindings(aor=None, wall=bed.backend.wall()))}[name]
            assert found.push is not None
            assert (found.push.keys is not None) is is_known

    in_bed(test)


def unified(endpoint: str) -> PushTarget:
    key = AppKey(Provider.UNIFIEDPUSH, webpush(endpoint).app.param)
    token = Token(provider=key.provider.value, app=key.param, value=endpoint)
    return PushTarget(app=key, tokens=((Service.ONLY, token),))


@pytest.mark.parametrize(("has_browsers", "said"), [(True, "unifiedpush"), (False, "unifiedpush"), (False, None)])
def test_the_keys_of_a_unifiedpush_app_join_its_phone(has_browsers: bool, said: str | None) -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        body = {**subscription(), **({"provider": said} if said else {})}
        assert (await put(phone, await device_token(phone), body)).status == 204
        await bed.store.do(register(contact(push=unified(ENDPOINT)), aor=Aor(STORED), wall=bed.backend.wall()))
        found = (await binding(bed)).push
        assert found is not None
        assert found.keys is not None
        assert found.vehicle(Kind.REFRESH) is not None, "an app may be woken in silence"

    in_bed(test, webpush=has_browsers, unifiedpush=True)


def test_a_browsers_keys_are_not_a_unifiedpush_apps() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        token = await device_token(phone)
        for said in (None, "webpush"):
            body = {**subscription(), **({"provider": said} if said else {})}
            assert (await put(phone, token, body)).status == 204
        await bed.store.do(register(contact(push=unified(ENDPOINT)), aor=Aor(STORED), wall=bed.backend.wall()))
        found = (await binding(bed)).push
        assert found is not None
        assert found.keys is None

    in_bed(test, unifiedpush=True)


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ("unifiedpush", 404, "this server has no UnifiedPush application"),
        ("fcm", 422, "Invalid enum value 'fcm' - at `$.provider`"),
    ],
)
def test_a_service_that_is_not_here_is_said(said: str, status: int, words: str) -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), {**subscription(), "provider": said})
        assert (answer.status, answer.problem()) == (status, words)

    in_bed(test)
