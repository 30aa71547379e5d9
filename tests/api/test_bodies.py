"""Bodies: bounded before they are read, and whatever is wrong with them is an answer, never a fault."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.bed import DOMAIN, Bed, in_bed

from ringwake.api.bodies import MAX_BODY

PATH = "/api/v1/accounts"
BODY = json.dumps({"aor": f"eve@{DOMAIN}", "password": "x"}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"hello",
        b'{"aor": "eve',
        b"\xff\xfe",
        b'{"aor": "\xff", "password": "x"}',
        b'{"aor": "\\udcff", "password": "x"}',
        b'{"aor": "\\x", "password": "x"}',
        b"\xef\xbb\xbf" + BODY,
        BODY + b"x",
        BODY + BODY,
        b"NaN",
        b"aor=eve&password=x",
        b"\0" * 100,
    ],
)
def test_what_is_no_json_is_400(body: bytes) -> None:
    async def test(bed: Bed) -> None:
        operator = bed.operator
        answer = await operator.ask("POST", PATH, body)
        assert (answer.status, answer.problem()) == (400, "the body is not JSON")
        assert operator.faults == []

    in_bed(test)


@pytest.mark.parametrize("body", [b"[" * MAX_BODY, b'{"a":' * 3000, b"9" * MAX_BODY])
def test_what_is_deep_or_endless_is_refused_and_not_followed(body: bytes) -> None:
    async def test(bed: Bed) -> None:
        operator = bed.operator
        assert (await operator.ask("POST", PATH, body[:MAX_BODY])).status in (400, 422)
        assert operator.faults == []

    in_bed(test)


def test_a_body_may_have_its_most_and_not_one_octet_more() -> None:
    async def test(bed: Bed) -> None:
        padded = BODY.ljust(MAX_BODY)
        assert (await bed.operator.ask("POST", PATH, padded)).status == 201
        answer = await bed.operator.ask("POST", PATH, padded + b" ")
        assert (answer.status, answer.problem()) == (413, f"the body is longer than {MAX_BODY} octets")

    in_bed(test)


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async def test(bed: Bed) -> None:
        chunks: list[bytes | None] = [b" " * 1000] * 1000
        assert (await bed.operator.stream("POST", PATH, chunks)).status == 413

    in_bed(test)


def test_a_body_comes_in_any_pieces() -> None:
    async def test(bed: Bed) -> None:
        assert (await bed.operator.stream("POST", PATH, [bytes([octet]) for octet in BODY])).status == 201

    in_bed(test)


def test_a_client_that_hangs_up_is_no_fault_of_ours() -> None:
    """Each would otherwise write a traceback into the log."""

    async def test(bed: Bed) -> None:
        operator = bed.operator
        answer = await operator.stream("POST", PATH, [BODY[:10], None])
        assert (answer.status, answer.problem()) == (400, "the body ended early")
        assert operator.faults == []

    in_bed(test)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary() | st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_no_body_is_a_fault(body: bytes | str) -> None:
    async def test(bed: Bed) -> None:
        operator = bed.operator
        answer = await operator.ask("POST", PATH, body if isinstance(body, bytes) else body.encode())
        assert answer.status in (400, 413, 422)
        assert answer.problem()
        assert operator.faults == []

    in_bed(test)
