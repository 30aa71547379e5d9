"""Claims about lanes: bounded, in order of weight, and never two pushes where one will do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.push.samples import FCM_TOKEN, fcm_push
from tests.support.virtual_loop import pause, run_virtual

from ringwake.model.push import Kind, Push
from ringwake.push.lanes import Lane
from ringwake.wake.unsent import GAVE_WAY, LINE_FULL, REPLACED

GO = ""
CALL, CANCEL, MESSAGE, REFRESH = Kind.CALL, Kind.CANCEL, Kind.MESSAGE, Kind.REFRESH


def to(phone: str, kind: Kind = CALL, call: str = "c1") -> Push:
    return fcm_push(kind=kind, value=FCM_TOKEN + phone, call_id=call, id=f"{kind}-{call}-{phone}")


class Line:
    """A lane whose only place is taken, and those who wait."""

    def __init__(self, waiting: int = 100) -> None:
        self.lane = Lane(1, waiting)
        assert self.lane.enter()
        self.went: list[str] = []
        """Who had the place, in order."""
        self.words: dict[str, str] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def wait(self, name: str, push: Push) -> None:
        self.tasks[name] = asyncio.get_running_loop().create_task(self._wait(name, push))
        await pause(0)
        await pause(0)  # until who was sent away by that knows

    async def all_go(self) -> None:
        """Give the place up as often as anybody wants it."""
        self.lane.leave()
        while self.lane.under_way:
            await pause(0)
            self.lane.leave()
        await asyncio.gather(*self.tasks.values())

    async def _wait(self, name: str, push: Push) -> None:
        self.words[name] = await self.lane.wait(push)
        if self.words[name] == GO:
            self.went.append(name)


def in_line(story: Callable[[Line], Awaitable[None]], waiting: int = 100) -> None:
    async def main() -> None:
        await story(Line(waiting))

    run_virtual(main())


def test_as_many_as_fit_go_at_once() -> None:
    lane = Lane(at_once=3)
    assert [lane.enter() for _ in range(4)] == [True, True, True, False]
    assert (lane.under_way, lane.waiting) == (3, 0)
    lane.leave()
    assert lane.under_way == 2


def test_a_call_goes_before_a_refresh() -> None:
    """And in between what tells the end of one, and then messages; within a rank it is first come, first served."""

    async def story(line: Line) -> None:
        voicemail = Kind.VOICEMAIL
        kinds = [REFRESH, Kind.WAKE, MESSAGE, Kind.MISSED, Kind.ELSEWHERE, CANCEL, CALL, CALL, Kind.READ, voicemail]
        for number, kind in enumerate(kinds):
            await line.wait(f"{kind}{number}", to(f"phone{number}", kind))
        await line.all_go()
        assert line.went == [
            "call6", "call7", "missed3", "elsewhere4", "cancel5", "wake1", "message2", "voicemail9",
            "refresh0", "read8",
        ]  # fmt: skip
        assert (line.lane.under_way, line.lane.waiting) == (0, 0)

    in_line(story)


def test_who_comes_when_the_line_is_full_fails_at_once() -> None:
    async def story(line: Line) -> None:
        for number in range(3):
            await line.wait(str(number), to(f"phone{number}"))
        assert line.words == {"2": LINE_FULL}
        await line.all_go()
        assert line.went == ["0", "1"]

    in_line(story, waiting=2)


def test_in_a_full_line_the_least_gives_way_to_a_call() -> None:
    async def story(line: Line) -> None:
        await line.wait("older refresh", to("a", REFRESH))
        await line.wait("message", to("b", MESSAGE))
        await line.wait("newer refresh", to("c", REFRESH))
        await line.wait("call", to("d"))
        assert line.words == {"newer refresh": GAVE_WAY}
        await line.wait("message 2", to("e", MESSAGE))
        await line.wait("call 2", to("f"))
        assert line.words == {"newer refresh": GAVE_WAY, "older refresh": GAVE_WAY, "message 2": GAVE_WAY}
        await line.all_go()
        assert line.went == ["call", "call 2", "message"]

    in_line(story, waiting=3)


@pytest.mark.parametrize("kind", [CANCEL, Kind.ELSEWHERE, Kind.MISSED])
def test_a_cancel_takes_the_place_of_the_call_that_still_waits(kind: Kind) -> None:
    async def story(line: Line) -> None:
        await line.wait("call", to("a"))
        await line.wait("other call", to("b"))
        await line.wait("end", to("a", kind))
        assert line.words == {"call": REPLACED}
        await line.all_go()
        assert line.went == ["end", "other call"]

    in_line(story)


def test_a_repeat_takes_the_place_of_itself() -> None:
    async def story(line: Line) -> None:
        await line.wait("first", to("a", MESSAGE))
        await line.wait("again", to("a", MESSAGE))
        assert (line.words, line.lane.waiting) == ({"first": REPLACED}, 1)
        await line.all_go()
        assert line.went == ["again"]

    in_line(story)


def test_what_weighs_more_goes_to_its_own_line() -> None:
    """A call that began anew while the end of its first branch waits."""

    async def story(line: Line) -> None:
        await line.wait("other end", to("b", CANCEL))
        await line.wait("end", to("a", CANCEL))
        await line.wait("call", to("a"))
        await line.all_go()
        assert line.words["end"] == REPLACED
        assert line.went == ["call", "other end"]

    in_line(story)


@pytest.mark.parametrize(
    "other",
    [
        to("b"),
        to("a", call="c2"),
        replace(to("a"), notice=replace(to("a").notice, account="another")),
        to("a", MESSAGE),
    ],
)
def test_other_phones_calls_and_accounts_do_not_replace_each_other(other: Push) -> None:
    async def story(line: Line) -> None:
        await line.wait("one", to("a"))
        await line.wait("other", other)
        await line.all_go()
        assert line.went == ["one", "other"]

    in_line(story)


def test_who_is_cancelled_leaves_the_line() -> None:
    async def story(line: Line) -> None:
        for name in ("first", "second", "third"):
            await line.wait(name, to(name))
        line.tasks["first"].cancel()
        await asyncio.wait([line.tasks.pop("first")])
        assert line.lane.waiting == 2
        await line.all_go()
        assert line.went == ["second", "third"]

    in_line(story)


def test_who_is_cancelled_in_the_very_moment_passes_the_place_on() -> None:
    async def story(line: Line) -> None:
        for name in ("first", "second", "third"):
            await line.wait(name, to(name))
        line.tasks["second"].cancel()  # it does not know yet when its turn comes
        line.lane.leave()
        line.tasks["first"].cancel()
        await asyncio.wait([line.tasks.pop("first"), line.tasks.pop("second")])
        await pause(0)
        assert (line.went, line.lane.under_way) == (["third"], 1)
        await line.all_go()

    in_line(story)


def test_who_is_cancelled_as_he_is_replaced_has_nothing_to_pass_on() -> None:
    async def story(line: Line) -> None:
        await line.wait("first", to("a"))
        again = asyncio.get_running_loop().create_task(line.lane.wait(to("a")))
        await pause(0)
        line.tasks["first"].cancel()  # it does not know yet that it was replaced
        await asyncio.wait([line.tasks["first"]])
        assert line.tasks.pop("first").cancelled()
        assert (line.lane.under_way, line.lane.waiting) == (1, 1)
        line.lane.leave()
        assert await again == GO

    in_line(story)


def test_a_full_line_has_room_where_somebody_was_cancelled() -> None:
    async def story(line: Line) -> None:
        await line.wait("refresh", to("a", REFRESH))
        line.tasks["refresh"].cancel()
        call = asyncio.get_running_loop().create_task(line._wait("call", to("b")))
        await asyncio.wait([call, line.tasks.pop("refresh")], timeout=0)
        line.lane.leave()
        await call
        assert line.went == ["call"]

    in_line(story, waiting=1)


def test_it_tells_when_it_is_empty() -> None:
    async def story(line: Line) -> None:
        await line.wait("first", to("a"))
        emptied = asyncio.get_running_loop().create_task(line.lane.emptied())
        await pause(0)
        line.lane.leave()
        await pause(0)
        assert not emptied.done()
        line.lane.leave()
        await emptied
        await line.lane.emptied()

    in_line(story)
