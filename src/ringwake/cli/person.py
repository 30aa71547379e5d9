"""Who holds the terminal phone: presses its buttons by key, or as the options say without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringwake.softphone.app_state import AppState, PhoneNote
from ringwake.softphone.device import Device

IDLE_SECONDS = 10.0
"""How long an app that was woken and has no call stays, before it is terminated again. Systems give some seconds."""


class Person:
    """Acts on words: keys that were pressed, and what the phone reports (`word_for`)."""

    def __init__(self, device: Device, *, terminates: bool, answers: bool, once: bool) -> None:
        """Take a phone.

        Args:
            device: it.
            terminates: whether the app is terminated once registered, after each call, and when it idles.
            answers: whether each call is accepted at once.
            once: whether the first call is the last.
        """
        self._device = device
        self._terminates = terminates
        self._answers = answers
        self._once = once
        self._early: dict[str, str] = {}
        """Call-ID -> key, of calls that were announced and whose INVITE has yet to come."""
        self._idle: asyncio.TimerHandle | None = None

    async def use(self, words: asyncio.Queue[str]) -> None:
        """Act until `q`."""
        await self._rest()
        try:
            while await self._act(await words.get(), words.put_nowait):
                pass
        finally:
            self._stay()

    async def _act(self, word: str, report: Callable[[str], None]) -> bool:
        match word:
            case "q":
                return False
            case "a" | "r" | "h":
                self._press(word)
            case "s":
                await self._device.terminate()
            case "ringing":
                self._decide()
            case "ended":
                await self._rest()
                return not self._once
            case "push" | "registered" if self._terminates and self._device.state is AppState.AWAKE:
                self._stay()
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, report, "idle")
            case "idle":
                await self._rest()
            case _:
                pass
        return True

    def _press(self, key: str) -> None:
        device, call = self._device, self._device.current_call
        if call is None:
            self._decide_early(key)
        elif key == "a":
            device.accept(call)
        elif key == "r":
            device.reject(call, 603)
        else:
            device.hang_up(call)

    def _decide_early(self, key: str) -> None:
        """Accept or reject on the alert: the call itself is still on its way."""
        announced = next((push for push in reversed(self._device.notifications) if push.rings), None)
        if announced is not None and announced.call_id and key != "h":
            self._early[announced.call_id] = key

    def _decide(self) -> None:
        call = self._device.current_call
        key = self._early.pop(call.call_id, "a" if self._answers else "") if call is not None else ""
        if key:
            self._press(key)

    async def _rest(self) -> None:
        """Terminate the app, if that is wanted and no call is there."""
        self._stay()
        if self._terminates and self._device.current_call is None:
            await self._device.terminate()

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def word_for(note: PhoneNote) -> str:
    """Return the word for what the phone's owner may act on; empty when he does not."""
    if note.what == "call":
        return "ended" if note.fields["state"] == "ended" else ""
    return {"invite": "ringing"}.get(note.what, note.what)
