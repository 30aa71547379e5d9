"""The server under measurement: the real one, with a stop-watch among its listeners. Says what it timed at SIGTERM."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.config.load import load
from ringwake.model.events import Event, Happened
from ringwake.secret import Secret


class StopWatch:
    """Times what happens inside. An event's own time is when the message that caused it was read from its socket."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {
            "invite_to_push": [],
            "invite_to_accepted": [],
            "register_to_invite": [],
            "invite_to_180": [],
        }
        """Milliseconds."""
        self._clock = asyncio.get_running_loop().time
        self._invites: dict[str, float] = {}
        self._registers: dict[object, float] = {}

    def note(self, event: Event) -> None:
        """Take an event. It is noted when its work is done: the push handed over, the INVITE in the send queue."""
        device = event.fields.get("device")
        match event.what:
            case Happened.INVITE_RECEIVED:
                self._invites[event.trace] = event.at
            case Happened.PUSH_SENT if event.fields["kind"] == "call":
                self._lap("invite_to_push", self._invites[event.trace])
            case Happened.PUSH_ACCEPTED if event.trace in self._invites:
                self._lap("invite_to_accepted", self._invites[event.trace])
            case Happened.REGISTERED:
                self._registers[device] = event.at - float(str(event.fields["took_ms"])) / 1000
            case Happened.INVITE_SENT:
                self._lap("register_to_invite", self._registers[device])
            case Happened.RINGING if event.trace in self._invites:
                self._lap("invite_to_180", self._invites.pop(event.trace))
            case _:
                pass

    def _lap(self, name: str, since: float) -> None:
        self.times[name].append((self._clock() - since) * 1000)


async def main(config: Path) -> None:
    """Serve until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    app = await App.start(parts_of(load(config), config.parent), token=Secret("bench"))
    watch = StopWatch()
    app.listeners.append(watch.note)
    print(json.dumps({"listen": app.listen}), flush=True)
    await stop.wait()
    await app.stop()
    print(json.dumps(watch.times))


asyncio.run(main(Path(sys.argv[1])))
