"""`/api/v1/checks`: what is the matter, in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.api.bed import TOKEN, Asker, Bed, in_bed
from tests.api.desk import CHECK, desk, with_desk
from tests.observe.happenings import event

from ringwake.api.apps import operator_app
from ringwake.model.events import Happened


def test_all_is_well_with_a_store_that_can_write() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("GET", "/api/v1/checks")
        assert answer.status == 200
        assert answer.json() == [{"name": "store", "verdict": "ok", "cause": "the store can write", "mend": ""}]

    in_bed(test)


def test_a_store_that_cannot_write_has_failed() -> None:
    async def test(bed: Bed) -> None:
        bed.problems.append("the store cannot write: disk full")
        (check,) = (await bed.operator.ask("GET", "/api/v1/checks")).json()
        assert (check["verdict"], check["cause"]) == ("fail", "the store cannot write: disk full")

    in_bed(test)


def test_a_pbx_that_grants_little_is_a_warning() -> None:
    async def test(bed: Bed) -> None:
        little = event(Happened.PBX_GRANTED_LITTLE, aor="alice@example.com", reason="the PBX grants less than an hour")
        bed.backend.pbx.note(little)
        checks = (await bed.operator.ask("GET", "/api/v1/checks")).json()
        assert checks[-1]["verdict"] == "warn"
        assert checks[-1]["cause"] == "alice@example.com: the PBX grants less than an hour"
        assert checks[-1]["mend"]

    in_bed(test)


def test_the_checks_are_the_operators() -> None:
    async def test(bed: Bed) -> None:
        assert (await bed.stranger.ask("GET", "/api/v1/checks")).status == 401

    in_bed(test)


def test_the_push_side_is_checked_too() -> None:
    async def test(bed: Bed) -> None:
        check = (await with_desk(bed, desk()).ask("GET", "/api/v1/checks")).json()[-1]
        assert (check["name"], check["verdict"], check["mend"]) == (CHECK.name, "warn", CHECK.mend)

    in_bed(test)


@pytest.mark.parametrize(("trouble", "verdict"), [("", "ok"), ("rtpengine did not answer", "fail")])
def test_a_media_relay_is_asked(trouble: str, verdict: str) -> None:
    async def test(bed: Bed) -> None:
        async def relay() -> str:
            return trouble

        asking = replace(bed.backend, ask_relay=relay)
        operator = Asker(operator_app(asking), host="127.0.0.1", authorization=f"Bearer {TOKEN}")
        check = (await operator.ask("GET", "/api/v1/checks")).json()[-1]
        assert (check["name"], check["verdict"]) == ("media relay", verdict)
        assert check["cause"] == (trouble or "rtpengine answers")

    in_bed(test)
