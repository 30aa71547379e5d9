"""`/me/push`: the push token of a phone whose app cannot write it into its Contact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.api.bed import DOMAIN, STORED, Answer, Asker, Bed, device_token, in_bed
from tests.store.samples import contact, register, registered, webpush
from tests.support.faulty_store import FaultyStore

from ringwake.model.account import Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ListBindings, PushTerms
from ringwake.model.tenant import Tenant
from ringwake.model.token_claims import TokenClaims
from ringwake.model.upload import PutUpload
from ringwake.store.directory import MemoryDirectory

ENDPOINT = "https://push.example.net/canary"
BODY = {"provider": "webpush", "prid": ENDPOINT}
URN = "urn:uuid:0C67446E-F1A1-11D9-94D3-000A95A0E128"
INSTANCE = f"<{URN.lower()}>"
REFUSED = "this push service, application or token is not served here"


async def put(phone: Asker, token: str, body: object) -> Answer:
    return await phone.ask("PUT", "/me/push", body, authorization=f"Bearer {token}")


async def bind(bed: Bed, **given: Any) -> Binding:
    """Let a phone of the account register without a word of push."""
    update = contact(uploaded=PushTerms(86400.0, None), **given)
    op = register(update, aor=Aor(STORED), wall=bed.backend.wall(), call_id=f"call-{bed.now}")
    bed.now += 1
    return registered(await bed.store.do(op)).touched[0]


async def bound(bed: Bed) -> list[PushTarget | None]:
    return [known.push for known in await bed.store.do(ListBindings(aor=None, wall=bed.backend.wall()))]


def test_the_token_is_bound_with_the_next_register() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), BODY)
        assert (answer.status, answer.body) == (204, b"")
        assert (await bind(bed)).push == webpush(ENDPOINT)

    in_bed(test)


@pytest.mark.parametrize("urn", [URN, URN.lower(), f"<{URN}>"])
def test_an_instance_says_whose_it_is_however_it_is_written(urn: str) -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        assert (await put(phone, await device_token(phone), {**BODY, "instance": urn})).status == 204
        assert (await bind(bed, instance="<urn:other>")).push is None
        assert (await bind(bed, instance=INSTANCE)).push == webpush(ENDPOINT)

    in_bed(test)


def test_a_phone_that_is_bound_has_it_at_once_until_it_is_taken_back() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        token = await device_token(phone)
        await bind(bed, instance=INSTANCE)
        await put(phone, token, {**BODY, "instance": URN})
        assert await bound(bed) == [webpush(ENDPOINT)]
        for _ in range(2):
            answer = await phone.ask("DELETE", f"/me/push?instance={URN}", authorization=f"Bearer {token}")
            assert (answer.status, answer.body) == (204, b"")
            assert await bound(bed) == [None]
        assert (await bind(bed, instance=INSTANCE)).push is None

    in_bed(test)


def test_what_has_no_instance_is_taken_back_without_one() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        token = await device_token(phone)
        await put(phone, token, BODY)
        assert (await phone.ask("DELETE", "/me/push", authorization=f"Bearer {token}")).status == 204
        assert (await bind(bed)).push is None

    in_bed(test)


def test_the_values_are_those_of_the_rfc_and_of_its_dialects() -> None:
    async def test(bed: Bed) -> None:
        key = AppKey(Provider.APNS, "TEAM123456.com.example.phone")
        app = App(key=key, tenant=DOMAIN, is_sandbox=True)
        known = [account for aor in (STORED,) if (account := bed.directory.account(Aor(aor)))]
        bed.backend = replace(bed.backend, directory=MemoryDirectory([Tenant(domain=DOMAIN)], [app], known))
        phone = bed.phone()
        said = {"provider": "APNS.dev", "param": f"{key.param}.voip&remote", "prid": "aa" * 32 + ":voip&" + "bb" * 32}
        token = await device_token(phone)
        assert (await put(phone, token, said)).status == 422
        assert (await put(phone, token, {**said, "prid": f"{said['prid']}:remote"})).status == 204
        push = (await bind(bed)).push
        assert push is not None
        assert (push.app, len(push.tokens)) == (key, 2)

    in_bed(test)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("credentials", ["", "Bearer", "Bearer x", "Basic x"])
def test_it_takes_a_device_token(method: str, credentials: str) -> None:
    async def test(bed: Bed) -> None:
        more = {"authorization": credentials} if credentials else {}
        answer = await bed.phone().ask(method, "/me/push", BODY, **more)
        assert (answer.status, answer.header("www-authenticate")) == (401, "Bearer")

    in_bed(test)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({**BODY, "provider": "acme"}, REFUSED),
        ({**BODY, "provider": "fcm", "param": "theirs"}, REFUSED),
        ({**BODY, "param": "x"}, REFUSED),
        ({**BODY, "prid": "http://push.example.net/canary"}, REFUSED),
        ({**BODY, "prid": ""}, "Expected `str` of length >= 1 - at `$.prid`"),
        ({**BODY, "provider": ""}, "Expected `str` of length >= 1 - at `$.provider`"),
        ({**BODY, "instance": "x" * 201}, "Expected `str` of length <= 200 - at `$.instance`"),
        ({**BODY, "user_agent": "x"}, "Object contains unknown field `user_agent`"),
        ({"provider": "webpush"}, "Object missing required field `prid`"),
        ([], "Expected `object`, got `array`"),
    ],
)
def test_what_cannot_be_pushed_to_is_refused_at_once(body: object, detail: str) -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), body)
        assert (answer.status, answer.problem()) == (422, detail)
        assert b"canary" not in answer.body

    in_bed(test)


def test_a_token_of_too_many_accounts_is_refused() -> None:
    async def test(bed: Bed) -> None:
        for number in range(10):
            aor = Aor(f"a{number}@{DOMAIN}")
            await bed.store.do(register(contact(push=webpush(ENDPOINT)), aor=aor, wall=bed.backend.wall()))
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), BODY)
        assert (answer.status, answer.problem()) == (403, "this push token is registered for too many accounts")

    in_bed(test)


@pytest.mark.parametrize(
    ("claims", "status"), [(TokenClaims.ALLOW, 204), (TokenClaims.CHALLENGE, 403), (TokenClaims.REJECT, 403)]
)
def test_a_token_of_another_phone_is_refused_where_the_tenant_wants_proof(claims: TokenClaims, status: int) -> None:
    async def test(bed: Bed) -> None:
        known = [account for aor in (STORED,) if (account := bed.directory.account(Aor(aor)))]
        tenant, apps = Tenant(domain=DOMAIN, token_claims=claims), bed.directory.apps(DOMAIN)
        bed.backend = replace(bed.backend, directory=MemoryDirectory([tenant], apps, known))
        other = contact(push=webpush(ENDPOINT), instance="<urn:uuid:another>")
        await bed.store.do(register(other, aor=Aor(f"another@{DOMAIN}"), wall=bed.backend.wall()))
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), {**BODY, "instance": URN})
        assert answer.status == status
        same = await put(phone, await device_token(phone), {**BODY, "instance": "urn:uuid:another"})
        assert same.status == 204, "the phone that has it, with a second account"

    in_bed(test)


def test_a_token_that_is_not_on_disk_is_to_be_sent_again() -> None:
    async def test(bed: Bed) -> None:
        assert isinstance(bed.store, FaultyStore)
        bed.store.broken = (PutUpload,)
        phone = bed.phone()
        answer = await put(phone, await device_token(phone), BODY)
        assert (answer.status, answer.header("retry-after")) == (503, "5")

    in_bed(test, store=FaultyStore())
