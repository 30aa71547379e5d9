"""Claims about PURRs: they name a phone to us alone, cannot be made up, and no two of them look related."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ids import SeededIds
from tests.support.sip_messages import request

from ringwake.model.account import Aor
from ringwake.proxy.purr import Purr, purr_of
from ringwake.secret import Secret
from ringwake.sip.message import Request
from ringwake.store.keys import KeyRing

SEAL = KeyRing([Secret(b"k" * 32)])
ALICE = Purr("0123456789abcdef", Aor("alice@example.com"))
# What both tag-value (RFC 3840) and pvalue (RFC 8599) allow.
SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def sealed(purr: Purr = ALICE, *, seed: int = 1) -> str:
    return purr.seal(SEAL, SeededIds(Random(seed)))


@given(st.text("abcdef0123456789", min_size=1, max_size=32), st.text(min_size=1, max_size=100), st.integers(0, 99))
def test_a_purr_comes_back_as_it_went_and_fits_both_grammars(binding: str, user: str, seed: int) -> None:
    purr = Purr(binding, Aor(f"{user.strip(' ').encode('utf-8', 'replace').decode()}@example.com"))
    text = sealed(purr, seed=seed)
    assert Purr.open(SEAL, text) == purr
    assert set(text) <= SAFE


def test_each_is_another_text_and_all_stay_good() -> None:  # L2
    ids = SeededIds(Random(1))
    texts = [ALICE.seal(SEAL, ids) for _ in range(50)]
    assert len(set(texts)) == 50
    assert {Purr.open(SEAL, text) for text in texts} == {ALICE}


def test_two_of_one_phone_have_nothing_in_common_and_the_length_tells_no_name() -> None:  # L3, S7
    ids = SeededIds(Random(1))
    first, second = ALICE.seal(SEAL, ids), ALICE.seal(SEAL, ids)
    assert max(length for length in range(len(first)) if first[:length] == second[:length]) < 4
    other = Purr("fedcba9876543210", Aor("bartholomew@example.com"))
    assert len(other.seal(SEAL, ids)) == len(first)


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_one_that_was_altered_is_not_ours(place: int) -> None:
    text = sealed()
    altered = "A" if text[place] != "A" else "B"
    assert Purr.open(SEAL, text[:place] + altered + text[place + 1 :]) is None
    assert Purr.open(KeyRing([Secret(b"x" * 32)]), text) is None


@pytest.mark.parametrize("forged", ["", "1.2.3", "00000000-0000", "%", "\N{SNOWMAN}", SEAL.seal("route", b"a b c")])
def test_another_proxys_is_none_of_ours(forged: str) -> None:
    assert Purr.open(SEAL, forged) is None


def asked(uri: str, *fields: str) -> Request:
    return request("BYE", *fields, uri=uri)


def test_it_is_found_in_the_request_uri_and_in_a_route() -> None:  # L7
    good, other = sealed(), sealed(Purr("b", Aor("bob@example.com")))
    assert purr_of(asked(f"sip:a@h;pn-purr={good}"), SEAL) == ALICE
    assert purr_of(asked(f"sip:a@h;PN-PURR={good[:5]}%{ord(good[5]):02x}{good[6:]}"), SEAL) == ALICE
    assert purr_of(asked("sip:a@h", f"Route: <sip:x@h;lr>, <sip:a@h;pn-purr={good};lr>"), SEAL) == ALICE
    assert purr_of(asked(f"sip:a@h;pn-purr={other}", f"Route: <sip:a@h;pn-purr={good}>"), SEAL) != ALICE


@pytest.mark.parametrize(
    ("uri", "fields"),
    [
        ("sip:a@h", []),
        ("sip:a@h;pn-purr", []),
        ("sip:a@h;pn-purr=1.2.3", ["Route: <sip:a@h;pn-purr=x;lr>"]),
        ("sip:a@h", ["Route: <sip:a@h;lr>"]),
        ("sip:a@h", ["Route: <tel:+1;pn-purr=x>"]),
    ],
)
def test_where_there_is_none_none_is_found(uri: str, fields: list[str]) -> None:
    assert purr_of(asked(uri, *fields), SEAL) is None
