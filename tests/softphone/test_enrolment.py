"""What an app agrees with its server: when it refreshes by itself (RFC 8599 section 4.1.4), and how it leaves."""

from __future__ import annotations

from random import Random

import pytest
from tests.softphone.hand_server import Scene, on_stage, phone_settings
from tests.support.ids import SeededIds
from tests.support.virtual_loop import pause

from ringwake.secret import Secret
from ringwake.softphone.enrolment import Enrolment
from ringwake.softphone.tokens import PhoneTokens
from ringwake.ua.registration import PushContact

OWN = "urn:uuid:00000000-0000-4000-8000-000000000001"
ASKS = '*;+sip.pns="fcm";+sip.pnsreg="130"'
ASKS_NOT = '*;+sip.pns="fcm"'


async def enrolled(scene: Scene, due: list[float], caps: str, *, expires: int, refreshes_itself: bool) -> Enrolment:
    """Register a phone that has a token, and take down when it is due."""
    settings = phone_settings(refreshes_itself=refreshes_itself)
    enrolment = Enrolment(settings, SeededIds(Random(2)), lambda: due.append(scene.network.loop.time()))
    enrolment.tokens = PhoneTokens(PushContact(provider="fcm", param="demo", prid=Secret("token")))
    task = scene.network.loop.create_task(enrolment.register(scene.line, None))
    contact = f'<sip:alice@x>;expires={expires};+sip.instance="<{OWN}>"'
    scene.server.answer(await scene.server.request("REGISTER"), 200, ("contact", contact), ("feature-caps", caps))
    await task
    return enrolment


@pytest.mark.parametrize(("expires", "after"), [(600, 470.0), (131, 1.0), (130, 65.0), (20, 10.0)])
def test_it_refreshes_by_itself_in_time_where_the_server_asks_it_to(expires: int, after: float) -> None:  # U9, U10
    async def play(scene: Scene) -> None:
        due: list[float] = []
        await enrolled(scene, due, ASKS, expires=expires, refreshes_itself=True)
        begun = scene.network.loop.time()
        await pause(expires)
        assert [at - begun for at in due] == [pytest.approx(after, abs=0.1)]

    on_stage(play)


@pytest.mark.parametrize(("caps", "refreshes_itself"), [(ASKS_NOT, True), (ASKS, False), (ASKS_NOT, False)])
def test_else_it_refreshes_on_a_push_or_a_new_network_only(caps: str, refreshes_itself: bool) -> None:  # U11
    async def play(scene: Scene) -> None:
        due: list[float] = []
        await enrolled(scene, due, caps, expires=600, refreshes_itself=refreshes_itself)
        await pause(700)
        assert due == []

    on_stage(play)


def test_the_ticket_of_a_push_stands_in_one_register_and_in_no_other() -> None:
    async def play(scene: Scene) -> None:
        enrolment = Enrolment(phone_settings(), SeededIds(Random(2)), lambda: None)
        enrolment.ticket = "sealed"
        for number, expected in ((1, "sealed"), (2, None)):
            task = scene.network.loop.create_task(enrolment.register(scene.line, None))
            request = await scene.server.request("REGISTER", number)
            scene.server.answer(request, 200)
            await task
            assert request.headers.get("ringwake-ticket") == expected

    on_stage(play)


def test_who_leaves_refreshes_no_more() -> None:
    async def play(scene: Scene) -> None:
        due: list[float] = []
        enrolment = await enrolled(scene, due, ASKS, expires=600, refreshes_itself=True)
        task = scene.network.loop.create_task(enrolment.leave(scene.line))
        request = await scene.server.request("REGISTER", 2)
        scene.server.answer(request, 200)
        await task
        await pause(700)
        assert (request.headers.get("expires"), due) == ("0", [])
        assert "pn-" not in (request.headers.get("contact") or "")

    on_stage(play)
