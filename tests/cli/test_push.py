"""`ringwake push test`: what the provider said, whether the phone came, and an exit code that a script can use."""

from __future__ import annotations

import json
import re

import pytest
from tests.cli.answering import answering
from tests.cli.household import Household
from tests.cli.terminal import Terminal
from tests.support.home import Home

from ringwake.config.state import RunningServer, StateFolder
from ringwake.secret import Secret
from ringwake.sip.flow import Transport


def device(terminal: Terminal) -> str:
    """Return the id of the only phone."""
    (found,) = json.loads(terminal.run("device", "list", "--json").out)
    return str(found["id"])


@pytest.mark.parametrize(
    ("provider", "service"), [("fcm", "FCM"), ("apns", "APNs"), ("unifiedpush", "the push service")]
)
def test_a_phone_that_comes_is_timed(provider: str, service: str, terminal: Terminal, house: Household) -> None:
    house.registered("alice", provider)
    name = device(terminal)
    done = terminal.run("push", "test", "--device", name[:6])
    assert done.code == 0, done
    assert re.fullmatch(
        rf"alice@ringwake\.test  {provider}  {name}\n"
        rf"  accepted by {service} after \d+ ms; the phone registered [\d.]+ m?s later\n"
        r"  ringwake trace [0-9a-f]{12}(  \(.*\))?\n",
        done.out,
    )
    trace = re.search(r"trace ([0-9a-f]{12})", done.out)
    assert trace is not None
    assert "Test push: accepted by " in terminal.run("trace", trace[1]).lines[-1]


def test_a_browser_is_shown_a_notification(terminal: Terminal, house: Household) -> None:
    house.registered("alice", "webpush")
    said = json.loads(terminal.run("push", "test", "--account", "alice", "--json").out)
    assert (said["ok"], said["kind"], said["outcome"]) == (True, "message", "accepted")


def test_a_phone_that_does_not_come_is_a_failure(terminal: Terminal, house: Household) -> None:
    async def lose_pushes(home: Home) -> None:
        await home.lab.switches.set("fcm", drop=True)

    house.registered("alice")
    house.do(lose_pushes)
    done = terminal.run("push", "test", "--account", "alice", "--wait", "0.2")
    assert done.code == 1
    assert "the phone did not come in 0.2 s: battery saver" in done.out


def test_a_push_that_is_refused_is_a_failure_with_the_services_word(terminal: Terminal, house: Household) -> None:
    async def refuse(home: Home) -> None:
        await home.lab.switches.set("apns", answer=403, reason="InvalidProviderToken")

    house.registered("alice", "apns")
    house.do(refuse)
    done = terminal.run("push", "test", "--account", "alice")
    assert done.code == 1
    assert "APNs refuses it: InvalidProviderToken (403); see `ringwake doctor`" in done.out


def test_an_id_of_the_service_moves_no_cursor(terminal: Terminal) -> None:
    said = {
        "ok": True,
        "account": "a",
        "provider": "hms",
        "device": "d",
        "said": "taken",
        "trace": "t",
        "id": "\x1b[2J",
    }
    body = json.dumps(said).encode()
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) as url:
        StateFolder(terminal.state).ensure()
        StateFolder(terminal.state).tell(RunningServer(url, Secret("x"), [], ""))
        done = terminal.run("push", "test", "--device", "d")
    assert (done.code, done.lines[-1]) == (0, "  ringwake trace t  (\\x1b[2J)")


def test_a_phone_without_push_cannot_be_tested(terminal: Terminal, house: Household) -> None:
    async def registering(home: Home) -> None:
        phone, _ = home.phone("boss", "", Transport.UDP)
        await phone.start()

    house.do(registering)
    done = terminal.run("push", "test", "--account", "boss")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(": the phone has no push token\n")


@pytest.mark.parametrize("provider", ["apns", "fcm", "hms", "webpush", "http"])
def test_a_service_is_asked_without_a_phone(provider: str, terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("push", "test", "--provider", provider)
    assert done.code == 0, done
    assert re.match(rf"ok    (push|credentials) {provider} ", done.out)


def test_a_service_that_does_not_take_our_credentials_is_a_failure(terminal: Terminal, house: Household) -> None:
    async def refuse(home: Home) -> None:
        await home.lab.switches.set("oauth", answer=400)

    house.do(refuse)
    done = terminal.run("push", "test", "--provider", "fcm", "--param", "demo-project")
    assert done.code == 1
    assert done.lines[0].startswith("fail  push fcm demo-project: the service does not take our credentials: OAuth")
    assert "take a new JSON file of the service account" in done.lines[1]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--param", "x", "--device", "d"],
        ["--provider", "fcm", "--device", "d"],
        ["--provider", "fcm", "--wait", "1"],
        ["--device", "d", "--wait", "-1"],
        ["--device", "d", "--wait", "121"],
        ["--device", "d", "--wait", "nan"],
    ],
)
def test_options_that_make_no_sense_are_usage(options: list[str], terminal: Terminal) -> None:
    done = terminal.run("push", "test", *options)
    assert (done.code, done.out) == (2, "")


def test_without_a_server_it_says_so(terminal: Terminal) -> None:
    assert terminal.run("push", "test", "--device", "d").code == 3
    assert terminal.run("app", "list").code == 3
