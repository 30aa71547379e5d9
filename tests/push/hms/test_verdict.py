"""Every code of Push Kit: what becomes of the push, the token and the operator."""

from __future__ import annotations

import json
from email.utils import formatdate

import pytest
from tests.push.samples import NOW

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.hms.verdict import verdict
from ringwake.push.transport.http import Answer


def said(code: object, status: int = 200, **more: object) -> Answer:
    content = {"code": code, "msg": "in words", "requestId": "157000000000000006", **more}
    return Answer(status=status, body=json.dumps(content).encode())


def tally(**values: object) -> str:
    return json.dumps(values)


CODES: list[tuple[str, Outcome]] = [
    ("80000000", Accepted("157000000000000006")),
    ("80100000", Refused("80100000", 400)),  # without a tally
    ("80100001", Refused("80100001", 400)),
    ("80100003", Refused("80100003", 400)),
    ("80100004", Refused("80100004", 400)),
    ("80100013", Refused("80100013", 400)),
    ("80100016", Refused("80100016", 400)),
    ("80100017", Throttled("80100017")),
    ("80100018", Refused("80100018", 400)),
    ("80200001", Refused("80200001", 401)),
    ("80200003", Refused("80200003", 401)),
    ("80300002", Refused("80300002", 403)),
    ("80300007", Unregistered("80300007")),
    ("80300008", Refused("80300008", 413)),
    ("80300010", Refused("80300010", 400)),
    ("80300011", Refused("80300011", 403)),
    ("80300013", Refused("80300013", 403)),
    ("80600003", Refused("80600003", 403)),
    ("81000001", Unreachable("81000001")),
    ("99999999", Refused("99999999", 400)),  # whatever it will mean
]


@pytest.mark.parametrize(("code", "outcome"), CODES)
def test_every_code_has_its_outcome_though_the_status_is_200(code: str, outcome: Outcome) -> None:
    assert verdict(said(code), wall=NOW) == outcome


@pytest.mark.parametrize(("code", "outcome"), CODES[1:-2])
@pytest.mark.parametrize("status", [400, 401])
def test_the_code_counts_more_than_the_status(code: str, status: int, outcome: Outcome) -> None:
    assert verdict(said(code, status), wall=NOW) == outcome


@pytest.mark.parametrize(
    ("msg", "outcome"),
    [
        (tally(success=1, failure=0, illegal_tokens=[]), Accepted("157000000000000006")),
        (tally(success=0, failure=1, illegal_tokens=["x"]), Unregistered("80100000")),
        (tally(success=0, failure=1, illegal_tokens=[]), Refused("80100000", 400)),
        ("no tally", Refused("80100000", 400)),
        ("[" * 5000, Refused("80100000", 400)),
    ],
)
def test_a_partial_success_is_read_for_our_one_token(msg: str, outcome: Outcome) -> None:
    assert verdict(said("80100000", msg=msg), wall=NOW) == outcome


STATUSES: list[tuple[int, Outcome]] = [
    (200, Unreachable("no code in the answer")),
    (301, Refused("HTTP 301", 301)),
    (400, Refused("HTTP 400", 400)),
    (401, Refused("HTTP 401", 401)),
    (403, Refused("HTTP 403", 403)),
    (404, Refused("HTTP 404", 404)),  # our URL, not the token
    (410, Refused("HTTP 410", 410)),
    (429, Throttled("HTTP 429")),
    (500, Unreachable("HTTP 500")),
    (502, Unreachable("HTTP 502")),
    (503, Throttled("HTTP 503")),
]


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"<html>", b'{"code":80000000}', b'{"code":"8000 0000"}', b"\xff", b'{"code":{}}', b"[" * 8000],
)
def test_without_a_code_the_status_counts_and_200_is_no_success(status: int, outcome: Outcome, body: bytes) -> None:
    assert verdict(Answer(status=status, body=body), wall=NOW) == outcome


def test_a_success_under_another_status_is_none() -> None:
    assert verdict(said("80000000", 500), wall=NOW) == Unreachable("80000000")
    assert verdict(said("80000000", 302), wall=NOW) == Refused("80000000", 302)


@pytest.mark.parametrize("text", ["7", formatdate(NOW + 7, usegmt=True)])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_retry_after_is_heard_in_both_forms(status: int, text: str) -> None:
    answer = Answer(status=status, headers={"retry-after": text})
    assert verdict(answer, wall=NOW) == Throttled(f"HTTP {status}", 7.0)
