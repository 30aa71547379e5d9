"""`/api/v1/apps`: the applications, and how pushing to them goes."""

from __future__ import annotations

from tests.api.bed import Bed, in_bed
from tests.api.desk import BROKEN, STANDS, desk, with_desk


def test_without_applications_the_list_is_empty() -> None:
    async def test(bed: Bed) -> None:
        assert (await bed.operator.ask("GET", "/api/v1/apps")).json() == []

    in_bed(test)


def test_an_application_is_shown_with_its_credentials_pushes_and_last_error() -> None:
    async def test(bed: Bed) -> None:
        apps = (await with_desk(bed, desk()).ask("GET", "/api/v1/apps")).json()
        assert apps == [
            {
                "provider": "fcm",
                "param": "demo",
                "tenant": "example.com",
                "credentials": {"state": "ok", "problem": "", "expires_at": None},
                "pushes": {"sent": 3, "accepted": 2, "failed": 1},
                "circuit": "closed",
                "last_error": {"reason": "QUOTA_EXCEEDED", "at": 1_800_000_000.0},
            }
        ]

    in_bed(test)


def test_a_broken_file_and_an_open_circuit_are_seen() -> None:
    async def test(bed: Bed) -> None:
        (_, app) = (await with_desk(bed, desk(STANDS, BROKEN)).ask("GET", "/api/v1/apps")).json()
        assert app["credentials"] == {"state": "broken", "problem": "app[1]: half", "expires_at": 1_900_000_000.0}
        assert (app["circuit"], app["last_error"]) == ("open", None)

    in_bed(test)
