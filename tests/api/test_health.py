"""`/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from tests.api.bed import Bed, in_bed

from ringwake.model.events import Event, Happened


def test_a_server_that_answers_is_alive_whatever_its_store_does() -> None:
    async def test(bed: Bed) -> None:
        bed.problems = ["the store cannot write: disk full"]
        answer = await bed.stranger.ask("GET", "/livez")
        assert (answer.status, answer.json()) == (200, {"status": "ok"})

    in_bed(test)


def test_it_is_ready_when_nothing_speaks_against_it() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.stranger.ask("GET", "/readyz")
        assert (answer.status, answer.json()) == (200, {"status": "ok", "problems": []})
        bed.problems = ["the store cannot write: disk full"]
        answer = await bed.stranger.ask("GET", "/readyz")
        assert answer.status == 503
        assert answer.json() == {"status": "unready", "problems": ["the store cannot write: disk full"]}

    in_bed(test)


def test_metrics_can_be_scraped() -> None:
    async def test(bed: Bed) -> None:
        bed.backend.metrics.note(Event(Happened.INVITE_RECEIVED, 0.0, "t1"))
        answer = await bed.stranger.ask("GET", "/metrics")
        assert answer.status == 200
        assert (answer.header("content-type") or "").startswith("text/plain; version=0.0.4")
        values = {
            sample.name: sample.value
            for family in text_string_to_metric_families(answer.body.decode())
            for sample in family.samples
        }
        assert values["ringwake_invites_total"] == 1

    in_bed(test)
