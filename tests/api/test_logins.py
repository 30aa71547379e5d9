"""Logins at a PBX: given by the operator, never shown, and only where a tenant keeps them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.api.bed import DOMAIN, FIXED, STORED, VAULT, Bed, in_bed
from tests.support.faulty_store import FaultyStore

from ringwake.api.accounts import AccountChange
from ringwake.api.logins import NewLogin
from ringwake.model.account import Account, Aor, PbxLogin
from ringwake.model.account_ops import ListAccounts, PutAccount
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1

PATH = "/api/v1/accounts"
EVE = f"eve@{VAULT}"
GIVEN = {"user": "1001", "password": "canary-word", "realm": "asterisk"}
LOGIN = PbxLogin(user="1001", password=Secret("canary-word"), realm="asterisk")


async def kept(bed: Bed, aor: str = EVE) -> Account:
    """Return an account, as store and directory have it alike."""
    (stored,) = [one for one in await bed.store.do(ListAccounts()) if one.aor == aor]
    assert bed.directory.account(Aor(aor)) == stored
    return stored


async def add(bed: Bed, pbx: object = GIVEN, aor: str = EVE) -> None:
    answer = await bed.operator.ask("POST", PATH, {"aor": aor, "password": "word", "pbx": pbx})
    assert answer.status == 201, answer.body


def test_an_account_has_a_login_of_its_own_at_the_pbx() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("POST", PATH, {"aor": EVE, "password": "word", "pbx": GIVEN})
        shown = {"aor": EVE, "tenant": VAULT, "source": "store", "pbx": {"user": "1001", "set": True}}
        assert (answer.status, answer.json()) == (201, shown)
        found = await kept(bed)
        assert (found.pbx, found.ha1_md5.reveal()) == (LOGIN, ha1(Algorithm.MD5, "eve", VAULT, "word"))
        listed = await bed.operator.ask("GET", PATH)
        assert shown in listed.json()
        assert b"canary" not in listed.body + answer.body

    in_bed(test)


@pytest.mark.parametrize("pbx", [{}, {"pbx": None}, {"pbx": {"password": "word"}}])
def test_where_nothing_else_is_said_phone_and_pbx_share_name_and_password(pbx: dict[str, object]) -> None:
    async def test(bed: Bed) -> None:
        await bed.operator.ask("POST", PATH, {"aor": EVE, "password": "word", **pbx})
        assert (await kept(bed)).pbx == PbxLogin(user="eve", password=Secret("word"))

    in_bed(test)


def test_a_tenant_that_keeps_no_logins_takes_none() -> None:
    async def test(bed: Bed) -> None:
        eve = f"eve@{DOMAIN}"
        refused = f'{DOMAIN} keeps no passwords of a PBX: that is for upstream = "vault"'
        answer = await bed.operator.ask("POST", PATH, {"aor": eve, "password": "word", "pbx": GIVEN})
        assert (answer.status, answer.problem()) == (422, refused)
        answer = await bed.operator.ask("PUT", f"{PATH}/{STORED}", {"pbx": GIVEN})
        assert (answer.status, answer.problem()) == (422, refused)
        assert (await kept(bed, STORED)).pbx is None
        await bed.operator.ask("POST", PATH, {"aor": eve, "password": "word"})
        assert (await kept(bed, eve)).pbx is None

    in_bed(test)


def test_a_tenant_that_is_gone_keeps_none_either() -> None:
    async def test(bed: Bed) -> None:
        lost = Account.guest(Aor("eve@gone.example"), "gone.example")
        bed.directory.put(lost)
        answer = await bed.operator.ask("PUT", f"{PATH}/{lost.aor}", {"pbx": GIVEN})
        assert answer.problem() == 'its tenant keeps no passwords of a PBX: that is for upstream = "vault"'

    in_bed(test)


# ---- PUT


def test_what_a_change_does_not_name_stays() -> None:
    async def test(bed: Bed) -> None:
        await add(bed)
        before = await kept(bed)
        answer = await bed.operator.ask("PUT", f"{PATH}/{EVE}", {"password": "new"})
        assert (answer.status, answer.json()["pbx"]) == (200, {"user": "1001", "set": True})
        after = await kept(bed)
        assert (after.pbx, after.ha1_md5.reveal()) == (LOGIN, ha1(Algorithm.MD5, "eve", VAULT, "new"))
        await bed.operator.ask("PUT", f"{PATH}/eve@EXAMPLE.org", {"pbx": {"password": "other"}})
        assert await kept(bed) == Account(
            aor=after.aor,
            tenant=VAULT,
            ha1_md5=after.ha1_md5,
            ha1_sha256=after.ha1_sha256,
            pbx=PbxLogin(user="eve", password=Secret("other")),
        )
        assert before.ha1_sha256 != after.ha1_sha256
        assert (await bed.operator.ask("PUT", f"{PATH}/{EVE}", {})).status == 200

    in_bed(test)


def test_a_login_is_forgotten_on_demand() -> None:
    async def test(bed: Bed) -> None:
        await add(bed)
        answer = await bed.operator.ask("PUT", f"{PATH}/{EVE}", {"pbx": None})
        assert (answer.status, "pbx" in answer.json()) == (200, False)
        assert (await kept(bed)).pbx is None

    in_bed(test)


def test_a_change_begins_the_silence_anew() -> None:
    async def test(bed: Bed) -> None:
        old = Account(
            aor=Aor(f"a b@{VAULT}"),
            tenant=VAULT,
            ha1_md5=Secret("x"),
            ha1_sha256=Secret("y"),
            pbx=PbxLogin(user="1001", password=Secret("w"), heard_at=5.0),
        )
        await bed.store.do(PutAccount(account=old))
        bed.directory.put(old)
        assert (await bed.operator.ask("PUT", f"{PATH}/{quote(old.aor)}", {"password": "new"})).status == 200
        found = await kept(bed, old.aor)
        assert found.pbx == PbxLogin(user="1001", password=Secret("w"))
        assert found.ha1_md5.reveal() == ha1(Algorithm.MD5, "a b", VAULT, "new")

    in_bed(test)


@pytest.mark.parametrize(
    ("aor", "body", "status", "detail"),
    [
        (f"nobody@{VAULT}", {"pbx": GIVEN}, 404, f"there is no account nobody@{VAULT}"),
        (FIXED, {"password": "x"}, 409, f"{FIXED} stands in the configuration file: change it there"),
        (EVE, {"pbx": {"user": "1001"}}, 422, "Object missing required field `password` - at `$.pbx`"),
        (EVE, {"pbx": {"password": ""}}, 422, "Expected `str` of length >= 1 - at `$.pbx.password`"),
        (EVE, {"pbx": {"password": ["canary"]}}, 422, "Expected `str`, got `array` - at `$.pbx.password`"),
        (EVE, {"pbx": "canary"}, 422, "Expected `object | null`, got `str` - at `$.pbx`"),
        (EVE, {"pbx": {**GIVEN, "user": "a\r\nRoute: x"}}, 422, "Expected `str` matching regex "),
        (EVE, {"pbx": {**GIVEN, "user": "1001\n"}}, 422, "Expected `str` matching regex "),
        (EVE, {"pbx": {**GIVEN, "realm": "\x7f"}}, 422, "Expected `str` matching regex "),
        (EVE, {"pbx": {**GIVEN, "set": True}}, 422, "Object contains unknown field `set` - at `$.pbx`"),
        (EVE, {"aor": EVE}, 422, "Object contains unknown field `aor`"),
    ],
)
def test_what_cannot_be_changed_is_told_without_a_password(aor: str, body: object, status: int, detail: str) -> None:
    async def test(bed: Bed) -> None:
        await add(bed)
        answer = await bed.operator.ask("PUT", f"{PATH}/{aor}", body)
        assert answer.status == status
        assert answer.problem().startswith(detail)
        assert "canary" not in answer.problem()
        assert (await kept(bed)).pbx == LOGIN

    in_bed(test)


def test_a_change_that_is_not_on_disk_has_not_happened() -> None:
    async def test(bed: Bed) -> None:
        assert isinstance(bed.store, FaultyStore)
        await add(bed)
        bed.store.broken = (PutAccount,)
        assert (await bed.operator.ask("PUT", f"{PATH}/{EVE}", {"pbx": None})).status == 503
        assert (await kept(bed)).pbx == LOGIN

    in_bed(test, store=FaultyStore())


def test_nobody_else_may_change_it() -> None:
    async def test(bed: Bed) -> None:
        await add(bed)
        assert (await bed.stranger.ask("PUT", f"{PATH}/{EVE}", {"pbx": None})).status == 401
        assert (await bed.phone().ask("PUT", f"{PATH}/{EVE}", {"pbx": None})).status == 404
        assert (await kept(bed)).pbx == LOGIN

    in_bed(test)


def test_the_password_is_not_shown() -> None:
    given = NewLogin("canary-word", "1001")
    assert "canary" not in f"{given!r} {AccountChange(pbx=given)!r}"
