"""Claims about the control door."""

import pytest
from tests.emulators.bench import run
from tests.emulators.offices import make_office

from ringwake.emulators.control_desk import ControlDesk
from ringwake.emulators.inbox_request import InboxError, InboxRequest
from ringwake.emulators.switches import CLEAR, SERVICES, Switches


def ask(desk: ControlDesk, op: str, **fields: object) -> dict[str, object]:
    return run(desk.answer(InboxRequest(op, fields)))


def test_switches_are_set_shown_and_cleared() -> None:
    office = make_office()
    desk = ControlDesk(office)
    answer = ask(desk, "switch", service="apns", set={"answer": 503, "retry_after": 2, "times": 3})
    assert (answer["op"], answer["service"]) == ("switched", "apns")
    assert office.switches["apns"] == Switches(answer=503, retry_after=2, times=3)
    shown = answer["switches"]
    assert isinstance(shown, dict)
    assert shown["answer"] == 503
    listed = ask(desk, "switches")["services"]
    assert isinstance(listed, dict)
    assert list(listed) == list(SERVICES)
    assert listed["apns"] == shown
    ask(desk, "switch", service="apns", set=None)
    assert office.switches["apns"] == CLEAR


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"service": 5, "set": {}},
        {"service": "huawei", "set": {}},
        {"service": "apns"},
        {"service": "apns", "set": []},
        {"service": "apns", "set": {"unknown": 1}},
        {"service": "apns", "set": {"delay": "long"}},
        {"service": "apns", "set": {"self": 1}},
        {"service": "apns", "set": {"service": "fcm"}},
        {"service": "oauth", "set": {"off": True}},
    ],
)
def test_what_is_no_switch_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(InboxError) as caught:
        ask(ControlDesk(make_office()), "switch", **fields)
    assert caught.value.code == "bad_field"


def test_the_journal_is_read_in_pieces() -> None:
    office = make_office()
    for number in range(501):
        office.journal.note("fcm", "accepted", id=str(number))
    desk = ControlDesk(office)
    first = ask(desk, "journal", after=0)
    rest = ask(desk, "journal", after=first["last"])
    assert isinstance(first["entries"], list)
    assert isinstance(rest["entries"], list)
    assert (len(first["entries"]), len(rest["entries"]), rest["last"]) == (500, 1, 501)
    assert rest["entries"][0]["id"] == "500"
    assert ask(desk, "journal", after=501) == {"op": "journal", "entries": [], "last": 501}


@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("attach", "already_attached"),
        ("control", "already_attached"),
        ("register", "not_attached"),
        ("ack", "not_attached"),
        ("dance", "unknown_op"),
        ("journal", "bad_field"),
    ],
)
def test_what_is_none_of_its_business_is_refused(op: str, code: str) -> None:
    with pytest.raises(InboxError) as caught:
        ask(ControlDesk(make_office()), op)
    assert caught.value.code == code
