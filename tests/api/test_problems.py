"""Errors are RFC 9457 documents; answers are JSON whatever a phone wrote, and nobody keeps them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from tests.api.bed import Bed, in_bed

from ringwake.api.problems import Problem, answer, document, on_problem


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (Problem(409, "it is there"), 409, "it is there"),
        (HTTPException(404), 404, "Not Found"),
        (ValueError("canary"), 500, "something went wrong here; the log has the traceback"),
    ],
)
def test_an_error_becomes_a_document(error: Exception, status: int, detail: str) -> None:
    made = asyncio.run(on_problem(Request({"type": "http"}), error))
    assert (made.status_code, made.media_type) == (status, "application/problem+json")
    shown = json.loads(bytes(made.body))
    assert (shown["type"], shown["status"], shown["detail"]) == ("about:blank", status, detail)
    assert b"canary" not in made.body


def test_a_problem_keeps_its_header_fields() -> None:
    made = asyncio.run(on_problem(Request({"type": "http"}), Problem(401, "x", {"www-authenticate": "Bearer"})))
    assert made.headers["www-authenticate"] == "Bearer"


def test_a_fault_of_ours_is_a_500_and_goes_to_the_log() -> None:
    async def test(bed: Bed) -> None:
        def broken() -> list[str]:
            raise RuntimeError("canary")

        bed.backend = replace(bed.backend, problems=broken)
        stranger = bed.stranger
        answered = await stranger.ask("GET", "/readyz")
        assert (answered.status, answered.problem()) == (500, "something went wrong here; the log has the traceback")
        assert [str(fault) for fault in stranger.faults] == ["canary"]

    in_bed(test)


def test_nobody_keeps_an_answer_or_takes_it_for_a_page() -> None:
    for made in (answer({"token": "x"}), document(404, "<script>", {})):
        assert made.headers["cache-control"] == "no-store"
        assert made.headers["x-content-type-options"] == "nosniff"


def test_octets_that_are_no_unicode_are_shown_escaped() -> None:
    value = {"a": "x\udce9", "b": [{"c": "\udcff"}, ("d", 1, None, True)], "e": "ü"}
    assert json.loads(bytes(answer(value).body)) == {
        "a": "x\\xe9",
        "b": [{"c": "\\xff"}, ["d", 1, None, True]],
        "e": "ü",
    }
    assert json.loads(bytes(document(404, "no call \udcff", {}).body))["detail"] == "no call \\xff"
