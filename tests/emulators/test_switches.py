"""Claims about the switches."""

import pytest
from tests.emulators.bench import run

from ringwake.emulators.switches import CLEAR, SERVICES, Switchboard, SwitchError, Switches


def test_all_are_off_at_first() -> None:
    board = Switchboard()
    assert all(board[service] == CLEAR for service in SERVICES)


def test_they_can_be_given_at_the_start() -> None:
    assert Switchboard({"apns": {"drop": True}})["apns"].drop


def test_setting_one_leaves_the_others_and_clearing_resets_all() -> None:
    async def story() -> None:
        board = Switchboard({"apns": {"drop": True}})
        await board.set("apns", delay=2)
        assert board["apns"] == Switches(drop=True, delay=2.0)
        assert board["fcm"] == CLEAR
        await board.clear("apns")
        assert board["apns"] == CLEAR

    run(story())


def test_a_watcher_is_told_before_set_returns() -> None:
    async def story() -> None:
        board = Switchboard()
        told: list[Switches] = []

        async def watch(state: Switches) -> None:
            told.append(state)

        board.watch("fcm", watch)
        await board.set("fcm", off=True)
        await board.set("apns", off=True)
        await board.clear("fcm")
        assert told == [Switches(off=True), CLEAR]

    run(story())


@pytest.mark.parametrize(
    ("service", "changes", "word"),
    [
        ("huawei", {}, "service"),
        ("apns", {"of": True}, "of"),
        ("apns", {"off": 1}, "off"),
        ("apns", {"delay": -1}, "delay"),
        ("apns", {"delay": float("inf")}, "delay"),
        ("apns", {"answer": 600}, "answer"),
        ("apns", {"answer": "503"}, "answer"),
        ("apns", {"reason": "a\r\nb"}, "reason"),
        ("apns", {"retry_after": "2\r\nx: y"}, "retry_after"),
        ("apns", {"overrun": "explode"}, "overrun"),
        ("apns", {"times": -1}, "times"),
        ("oauth", {"off": True}, "off"),
        ("oauth", {"goaway": 2}, "goaway"),
        ("oauth", {"drop": True}, "drop"),
        ("oauth", {"unknown": True}, "unknown"),
        ("hms-oauth", {"delay": 1}, "delay"),
        ("fcm", {"token_interval": 5}, "token_interval"),
        ("webpush", {"quota": 0.5}, "quota"),
        ("apns-sandbox", {"quota": 0.5}, "quota"),
        ("apns-sandbox", {"token_interval": 0}, "token_interval"),
        ("apns-sandbox", {"drop": True}, "drop"),
        ("fcm", {"quota": 1.5}, "quota"),
        ("fcm", {"answer": 101}, "answer"),
        ("fcm", {"service": "apns"}, "service"),
        ("fcm", {"self": 1}, "self"),
    ],
)
def test_what_is_no_switch_or_no_value_is_refused_and_changes_nothing(
    service: str, changes: dict[str, object], word: str
) -> None:
    async def story() -> None:
        board = Switchboard()
        with pytest.raises(SwitchError, match=word):
            await board.set(service, **changes)
        assert all(board[name] == CLEAR for name in SERVICES)

    run(story())


def test_clearing_an_unknown_service_is_refused() -> None:
    async def story() -> None:
        with pytest.raises(SwitchError, match="service"):
            await Switchboard().clear("huawei")

    run(story())


def test_a_fault_with_times_is_over_after_so_many_requests() -> None:
    board = Switchboard({"apns": {"answer": 503, "times": 2, "drop": True}})
    assert [board.spend("apns").answer for _ in range(3)] == [503, 503, 0]
    assert board["apns"] == Switches(drop=True)


def test_a_fault_without_times_stays() -> None:
    board = Switchboard({"apns": {"reset": True}})
    assert [board.spend("apns").reset for _ in range(3)] == [True] * 3


def test_times_alone_is_not_spent() -> None:
    board = Switchboard({"apns": {"times": 2}})
    board.spend("apns")
    assert board["apns"].times == 2


@pytest.mark.parametrize("value", [2, -1, 10**9, "Wed, 21 Oct 2026 07:28:00 GMT", "soon", ""])
def test_retry_after_may_be_anything_a_header_may_hold(value: object) -> None:
    assert Switchboard({"fcm": {"retry_after": value}})["fcm"].retry_after == value


def test_the_state_is_json_ready() -> None:
    shown = Switchboard({"fcm": {"drop": True}}).describe()
    assert list(shown) == list(SERVICES)
    assert shown["fcm"]["drop"] is True
