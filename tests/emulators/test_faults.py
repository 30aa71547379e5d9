"""Claims about switches that act on a request, before any check."""

import asyncio
from collections.abc import Awaitable

import pytest
from tests.emulators.bench import START, ManualClock, run, until
from tests.emulators.offices import events, make_office, post

from ringwake.emulators.exchange import Handler, Reply, Request, Reset, Response
from ringwake.emulators.faults import Faults
from ringwake.emulators.switches import CLEAR


def handle(request: Request) -> Response:
    return Response(status=200, body=request.body)


async def handle_later(request: Request) -> Reply:
    return handle(request)


def answer(request: Request, status: int, reason: str, wall: float) -> Response:
    return Response(status=status, body=f"{request.path} {reason} {wall:.0f}".encode())


REQUEST = post("/x", {}, b"hello")


def test_without_a_switch_the_handler_replies() -> None:
    office = make_office()
    assert Faults("apns", handle, answer, office)(REQUEST) == Response(status=200, body=b"hello")
    assert events(office) == []


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [("", None), (2, "2"), (-1, "-1"), ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT")],
)
def test_an_answer_is_given_unchecked_with_retry_after_as_asked(retry_after: object, header: str | None) -> None:
    office = make_office(apns={"answer": 503, "reason": "Shutdown", "retry_after": retry_after})
    reply = Faults("apns", handle, answer, office)(REQUEST)
    assert isinstance(reply, Response)
    assert (reply.status, reply.body) == (503, f"/x Shutdown {START:.0f}".encode())
    assert dict(reply.headers).get("retry-after") == header
    assert events(office) == ["refused switch"]


def test_a_reset_replies_nothing() -> None:
    assert Faults("apns", handle, answer, make_office(apns={"reset": True}))(REQUEST) == Reset()


@pytest.mark.parametrize("handler", [handle, handle_later])
def test_an_answer_is_lost_after_the_request_was_served(handler: Handler) -> None:
    async def story() -> None:
        office = make_office(apns={"lose_answer": True, "times": 1})
        served: list[Request] = []

        def serve(request: Request) -> Reply | Awaitable[Reply]:
            served.append(request)
            return handler(request)

        faults = Faults("apns", serve, answer, office)
        reply = faults(REQUEST)
        assert not isinstance(reply, Reply)
        assert (await reply, served, events(office)) == (Reset(), [REQUEST], ["unanswered switch"])
        assert office.switches["apns"] == CLEAR

    run(story())


def test_one_services_switches_leave_the_others() -> None:
    reply = Faults("fcm", handle, answer, make_office(apns={"reset": True}))(REQUEST)
    assert isinstance(reply, Response)


@pytest.mark.parametrize("handler", [handle, handle_later])
def test_a_slow_service_answers_late(handler: type) -> None:
    async def story() -> None:
        clock = ManualClock()
        reply = Faults("apns", handler, answer, make_office(clock, apns={"slow": 5}))(REQUEST)
        assert not isinstance(reply, Reply)
        task = asyncio.ensure_future(reply)
        await until(lambda: clock.pending == [5])
        assert not task.done()
        clock.advance(5)
        assert await task == Response(status=200, body=b"hello")

    run(story())


def test_a_hanging_service_never_answers() -> None:
    async def story() -> None:
        clock = ManualClock()
        office = make_office(clock, apns={"hang": True})
        reply = Faults("apns", handle, answer, office)(REQUEST)
        assert not isinstance(reply, Reply)
        task = asyncio.ensure_future(reply)
        await until(lambda: bool(events(office)))
        clock.advance(10**6)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(story())


def test_a_fault_is_over_after_its_times() -> None:
    faults = Faults("apns", handle, answer, make_office(apns={"answer": 500, "times": 1}))
    replies = [faults(REQUEST) for _ in range(2)]
    assert [reply.status for reply in replies if isinstance(reply, Response)] == [500, 200]
