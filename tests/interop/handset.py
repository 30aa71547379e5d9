"""A phone around a real app: we play the operating system, which gets the pushes and starts the app."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.interop.app_door import AppSettings, Key
from tests.interop.lab_server import PASSWORD, LabServer
from tests.support.inbox_line import InboxLine
from tests.support.leg import CallerLeg
from tests.support.processes import Program


class App(Program):
    """The app while its process lives."""

    def happens(self, event: str) -> None:
        """Wait until the app says so."""
        self.event(event)

    def leave(self) -> None:
        """Take the app away, and read all that it has said."""
        self.press(Key.LEAVE)
        self.happens("gone")

    def sent(self) -> str:
        """Return what it has sent until now, as it went over the wire."""
        return self._wire("sent")

    def heard(self) -> str:
        """Return what it has received until now, as it came over the wire."""
        return self._wire("received")

    def received(self, method: str) -> int:
        """Count the requests of a method that have come until now."""
        return len(re.findall(rf"^{method} ", self._wire("received"), re.MULTILINE))

    def _wire(self, way: str) -> str:
        told = [json.loads(line) for line in self.lines]
        return "".join(one["sip"] for one in told if one["event"] == way)


def hang_up(app: App, caller: CallerLeg, *, by: str) -> None:
    """End a call that is up, by "caller" or by "phone"; both have to hear of it."""
    if by == "caller":
        caller.send("BYE")
        caller.final("BYE")
    else:
        app.press(Key.HANG_UP)
        caller.reply(caller.request("BYE"), 200)
    app.happens("ended")


def answer(app: App, caller: CallerLeg) -> None:
    """Take a call that rings."""
    app.happens("ringing")
    caller.until(180)
    app.press(Key.ANSWER)
    caller.until(200)
    caller.ack()
    app.happens("up")


class Handset:
    """One phone of one account."""

    def __init__(self, server: LabServer, program: str, folder: Path) -> None:
        """Attach to the push services; `program` is the app's module."""
        self._inbox = InboxLine(server.lab)
        self._server, self._program, self._folder = server, program, folder
        self.account = server.account()
        self.tokens: dict[str, str] = {}
        self._settings = Path()
        self._inbox.ask({"op": "attach", "device": f"{self.account}.{server.domain}", "secret": "secret-of-this-phone"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._inbox.close()

    def install(self, *, provider: str, transport: str, services: Collection[str]) -> None:
        """Get the tokens of a push service (APNs: for these services of it), and set up the account."""
        self.tokens = self._apns(services) if provider == "apns" else self._fcm()
        settings = AppSettings(
            folder=str(self._folder),
            user=self.account,
            password=PASSWORD,
            domain=self._server.domain,
            server=self._server.uri(transport),
            ca_file=self._server.lab["ca_file"],
            tokens=self.tokens,
        )
        self._settings = settings.write()

    def start(self) -> App:
        """Start the app."""
        return App(sys.executable, "-m", self._program, str(self._settings), log=self._folder / "app.err")

    def push(self) -> dict[str, Any]:
        """Return the next push."""
        pushed = self._inbox.receive()
        self._inbox.send({"op": "ack", "seq": pushed["seq"]})
        return pushed

    def secrets(self) -> list[str]:
        """Return the tokens themselves."""
        return [value for name, value in self.tokens.items() if name in ("voip", "remote", "token")]

    def _apns(self, services: Collection[str]) -> dict[str, str]:
        answer = self._inbox.ask({"op": "register", "provider": "apns", "app": self._server.bundle})
        return {
            "team": answer["team"],
            "bundle": self._server.bundle,
            **{name: answer["tokens"][name] for name in services},
        }

    def _fcm(self) -> dict[str, str]:
        fcm = self._server.lab["fcm"]
        answer = self._inbox.ask({"op": "register", "provider": "fcm", "app": fcm["project"]})
        return {"project": fcm["project"], "number": fcm["project_number"], "token": answer["token"]}
