"""`/api/v1/accounts`: added, listed and removed by the operator; kept as hashes."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.api.bed import DOMAIN, FIXED, STORED, Bed, account, in_bed
from tests.store.samples import contact, register
from tests.support.faulty_store import FaultyStore

from ringwake.model.account import Aor
from ringwake.model.account_ops import ListAccounts, PutAccount, RemoveAccount
from ringwake.model.store_ops import ListBindings
from ringwake.sip.digest import Algorithm, ha1

PATH = "/api/v1/accounts"
EVE = f"eve@{DOMAIN}"


async def names(bed: Bed) -> list[str]:
    return [shown["aor"] for shown in (await bed.operator.ask("GET", PATH)).json()]


def test_the_accounts_of_file_and_store_are_listed() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("GET", PATH)
        assert answer.header("content-type") == "application/json"
        assert answer.json() == [
            {"aor": FIXED, "tenant": DOMAIN, "source": "file"},
            {"aor": STORED, "tenant": DOMAIN, "source": "store"},
        ]

    in_bed(test)


def test_an_account_is_added_to_store_and_directory_and_its_password_is_not_kept() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("POST", PATH, {"aor": "eve@EXAMPLE.com", "password": "canary"})
        assert (answer.status, answer.json()) == (201, {"aor": EVE, "tenant": DOMAIN, "source": "store"})
        (stored,) = [one for one in await bed.store.do(ListAccounts()) if one.aor == EVE]
        assert bed.directory.account(Aor(EVE)) == stored
        assert stored.ha1_md5.reveal() == ha1(Algorithm.MD5, "eve", DOMAIN, "canary")
        assert stored.ha1_sha256.reveal() == ha1(Algorithm.SHA256, "eve", DOMAIN, "canary")

    in_bed(test)


def test_an_account_that_is_there_gets_the_new_password() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("POST", PATH, {"aor": STORED, "password": "new"})
        assert answer.status == 200
        found = bed.directory.account(Aor(STORED))
        assert found is not None
        assert found.ha1_md5.reveal() == ha1(Algorithm.MD5, "bob", DOMAIN, "new")

    in_bed(test)


def test_the_hashes_are_those_that_a_phone_computes() -> None:
    made = account("a%20b@EXAMPLE.com", "secret")
    assert (made.aor, made.tenant) == (f"a b@{DOMAIN}", DOMAIN)
    assert made.ha1_md5.reveal() == ha1(Algorithm.MD5, "a b", DOMAIN, "secret")


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"aor": "eve@elsewhere.net", "password": "x"}, 422, "no tenant has the domain elsewhere.net: add [[tenant]]"),
        ({"aor": FIXED, "password": "x"}, 409, f"{FIXED} stands in the configuration file: change it there"),
        ({"aor": "alice@EXAMPLE.COM", "password": "x"}, 409, f"{FIXED} stands in the configuration file"),
        ({"aor": "eve", "password": "x"}, 422, "no address of record like alice@example.com: "),
        ({"aor": "", "password": "x"}, 422, "Expected `str` of length >= 3 - at `$.aor`"),
        ({"aor": f"{'e' * 255}@{DOMAIN}", "password": "x"}, 422, "Expected `str` of length <= 255 - at `$.aor`"),
        ({"aor": EVE, "password": ""}, 422, "Expected `str` of length >= 1 - at `$.password`"),
        ({"aor": EVE, "password": "x" * 256}, 422, "Expected `str` of length <= 255 - at `$.password`"),
        ({"aor": EVE}, 422, "Object missing required field `password`"),
        ({"aor": EVE, "password": 5}, 422, "Expected `str`, got `int` - at `$.password`"),
        ({"aor": None, "password": "x"}, 422, "Expected `str`, got `null` - at `$.aor`"),
        ({"aor": EVE, "password": "x", "admin": True}, 422, "Object contains unknown field `admin`"),
        ([], 422, "Expected `object`, got `array`"),
    ],
)
def test_what_cannot_be_added_is_told_and_not_added(body: object, status: int, detail: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("POST", PATH, body)
        assert answer.status == status
        assert answer.problem().startswith(detail)
        assert await names(bed) == [FIXED, STORED]

    in_bed(test)


@pytest.mark.parametrize("user", ["eve", "a/b", "a b", "a@b", "jürgen", "100%", "+15551234", "a?b", "a;b=c"])
def test_every_account_that_can_be_added_can_be_removed_as_it_is_listed(user: str) -> None:
    async def test(bed: Bed) -> None:
        added = await bed.operator.ask("POST", PATH, {"aor": f"{quote(user, safe='+;=?')}@{DOMAIN}", "password": "x"})
        assert added.status == 201, added.body
        aor = added.json()["aor"]
        assert aor == f"{user}@{DOMAIN}"
        removed = await bed.operator.ask("DELETE", f"{PATH}/{quote(aor, safe='')}")
        assert (removed.status, removed.body) == (204, b"")
        assert await names(bed) == [FIXED, STORED]

    in_bed(test)


def test_an_account_is_removed_with_its_phones() -> None:
    async def test(bed: Bed) -> None:
        await bed.store.do(register(contact(), aor=Aor(STORED), wall=bed.backend.wall()))
        assert (await bed.operator.ask("DELETE", f"{PATH}/bob@EXAMPLE.com")).status == 204
        assert bed.directory.account(Aor(STORED)) is None
        assert await bed.store.do(ListBindings(aor=None, wall=bed.backend.wall())) == ()

    in_bed(test)


@pytest.mark.parametrize(
    ("aor", "status", "detail"),
    [
        (EVE, 404, f"there is no account {EVE}"),
        ("bob", 404, "there is no account bob"),
        ("", 404, "there is no account "),
        (FIXED, 409, f"{FIXED} stands in the configuration file: remove it there"),
        ("%FF%00@x", 404, "there is no account "),
    ],
)
def test_what_cannot_be_removed_is_told(aor: str, status: int, detail: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("DELETE", f"{PATH}/{aor}")
        assert answer.status == status
        assert answer.problem().startswith(detail)
        assert await names(bed) == [FIXED, STORED]

    in_bed(test)


def test_a_change_that_is_not_on_disk_has_not_happened() -> None:
    async def test(bed: Bed) -> None:
        assert isinstance(bed.store, FaultyStore)
        bed.store.broken = (PutAccount, RemoveAccount)
        for method, path in (("POST", PATH), ("DELETE", f"{PATH}/{STORED}")):
            answer = await bed.operator.ask(method, path, {"aor": EVE, "password": "x"})
            assert (answer.status, answer.header("retry-after")) == (503, "5")
            assert answer.problem() == "the store cannot write now: see /readyz"
        assert await names(bed) == [FIXED, STORED]

    in_bed(test, store=FaultyStore())
