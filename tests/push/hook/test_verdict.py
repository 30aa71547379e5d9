"""What the push server's answers mean."""

from __future__ import annotations

import json
from email.utils import formatdate

import pytest
from tests.push.samples import NOW

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.hook.verdict import verdict
from ringwake.push.transport.http import Answer

STATUSES: list[tuple[int, Outcome]] = [
    (200, Accepted()),
    (201, Accepted()),
    (202, Accepted()),
    (204, Accepted()),
    (301, Refused("HTTP 301", 301)),
    (308, Refused("HTTP 308", 308)),
    (400, Refused("HTTP 400", 400)),
    (401, Refused("HTTP 401", 401)),
    (403, Refused("HTTP 403", 403)),
    (404, Refused("HTTP 404", 404)),
    (405, Refused("HTTP 405", 405)),
    (410, Unregistered("HTTP 410")),
    (413, Refused("HTTP 413", 413)),
    (422, Refused("HTTP 422", 422)),
    (429, Throttled("HTTP 429")),
    (500, Unreachable("HTTP 500")),
    (502, Unreachable("HTTP 502")),
    (503, Unreachable("HTTP 503")),
    (504, Unreachable("HTTP 504")),
]


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>Not Found",
        b'{"detail":"Not Found"}',
        b'{"id":"a b","reason":"a b"}',
        b'{"id":7}',
        b'{"at":"1"}',
        b'{"at":-1}',
        b'{"at":1e12}',
        b'{"id":"\xff"}',
        b"[" * 8000,
    ],
)
def test_every_status_has_its_outcome(status: int, outcome: Outcome, body: bytes) -> None:
    assert verdict(Answer(status=status, body=body), wall=NOW) == outcome


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (200, {"id": "msg-7"}, Accepted("msg-7")),
        (410, {"at": NOW - 60, "reason": "uninstalled"}, Unregistered("uninstalled", NOW - 60)),
        (410, {"at": int(NOW)}, Unregistered("HTTP 410", NOW)),
        (404, {"at": NOW - 60}, Unregistered("HTTP 404", NOW - 60)),
        (404, {"reason": "uninstalled"}, Refused("uninstalled", 404)),
        (401, {"reason": "bad_signature"}, Refused("bad_signature", 401)),
        (503, {"reason": "restart"}, Unreachable("restart")),
    ],
)
def test_what_the_server_adds_is_read(status: int, said: dict[str, object], outcome: Outcome) -> None:
    assert verdict(Answer(status=status, body=json.dumps(said).encode()), wall=NOW) == outcome


@pytest.mark.parametrize("text", ["7", formatdate(NOW + 7, usegmt=True)])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_retry_after_is_heard_in_both_forms(status: int, text: str) -> None:
    answer = Answer(status=status, headers={"retry-after": text})
    assert verdict(answer, wall=NOW) == Throttled(f"HTTP {status}", 7.0)
