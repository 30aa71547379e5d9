"""The server under measurement, with a stop-watch among its listeners. Prints what it timed at SIGTERM."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import defaultdict
from pathlib import Path

from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.config.load import load
from ringwake.model.events import Event, Happened
from ringwake.secret import Secret


class StopWatch:
    """Times INVITE to push and REGISTER to INVITE, inside the server."""

    def __init__(self) -> None:
        self.invite_to_push: list[float] = []
        self.register_to_invite: list[float] = []
        self._invites: dict[str, float] = {}
        self._took: defaultdict[str, float] = defaultdict(float)

    def note(self, event: Event) -> None:
        """Take an event. A woken phone's REGISTER is noted just before its INVITE is released, with what it took."""
        match event.what:
            case Happened.INVITE_RECEIVED:
                self._invites[event.trace] = event.at
            case Happened.PUSH_SENT if event.trace in self._invites:
                self.invite_to_push.append((event.at - self._invites.pop(event.trace)) * 1000)
            case Happened.REGISTERED:
                self._took[str(event.fields["device"])] = float(str(event.fields["took_ms"]))
            case Happened.DEVICE_WOKEN:
                self.register_to_invite.append(self._took[str(event.fields["device"])])
            case _:
                pass


async def main(config: Path) -> None:
    """Serve until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    app = await App.start(parts_of(load(config), config.parent), token=Secret("bench"))
    watch = StopWatch()
    app.listeners = [watch.note]
    print(json.dumps({"listen": app.listen, "public": app.public}), flush=True)
    await stop.wait()
    await app.stop()
    print(json.dumps({"invite_to_push": watch.invite_to_push, "register_to_invite": watch.register_to_invite}))


asyncio.run(main(Path(sys.argv[1])))
