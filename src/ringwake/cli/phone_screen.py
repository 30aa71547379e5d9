"""What the terminal phone prints: people get lines and alerts, machines get JSON."""

from __future__ import annotations

import json
from typing import TextIO

from ringwake.cli.person import word_for
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.notification import Notification
from ringwake.softphone.screen import alert, one_line
from ringwake.ua.registration import Granted

_DAY = 86400
_SENTENCES = {
    "awake": "The app is awake.",
    "asleep": "The app sleeps.",
    "terminated": "The app is terminated. Only a push can wake it.",
    "off": "The phone is off.",
    "line lost": "The connection to the server is gone.",
    "push service lost": "The connection to the push services is gone: no push can wake this phone. Start it again.",
}
_STATES = {"ringing": "ringing", "answered": "", "up": "In the call. Press h to hang up.", "trying": ""}


class PhoneScreen:
    """Prints what a phone reports."""

    def __init__(self, *, as_json: bool, out: TextIO) -> None:
        self._as_json = as_json
        self._out = out
        self._announced = ""
        """Call-ID of the call whose alert is on the screen."""

    def registered(self, granted: Granted, keys: str) -> None:
        """Say that the phone is ready."""
        if not self._as_json:
            push = "it will be woken by push" if granted.has_push else "the server does not push: stay awake"
            self._print(f"Registered for {_long(granted.expires)}; {push}.\nKeys: {keys}")

    def note(self, note: PhoneNote) -> str:
        """Print a note; return the word for it that the phone's owner may act on."""
        notification = note.fields.get("notification")
        if self._as_json:
            shown = {name: value for name, value in note.fields.items() if name != "notification"}
            self._print(json.dumps({"event": note.what.replace(" ", "_"), **shown}))
        else:
            self._print(self._sentence(note, notification))
        return word_for(note)

    def _sentence(self, note: PhoneNote, notification: Notification | None) -> str:
        fields = note.fields
        match note.what:
            case "push" if notification is not None:
                self._announced = notification.call_id if notification.rings else self._announced
                return alert(notification) or f"Push: {notification.kind}."
            case "invite":
                ready = "The call is here: press a to accept, r to reject."
                if fields["call_id"] == self._announced:
                    return ready
                return f"{alert(_call_of(fields['sender']))}\n{ready}"
            case "message":
                return f"{one_line(fields['sender'])}: {one_line(fields['text'])}"
            case "call" if fields["state"] == "ended":
                return f"The call is over ({fields['ending'] or 'ended'})."
            case "call":
                return _STATES.get(fields["state"], "") if fields["state"] != "ringing" else ""
            case "wake failed":
                return f"Waking failed: {fields['reason']}."
            case what:
                return _SENTENCES.get(what, "")

    def _print(self, text: str) -> None:
        if text:
            print(text, file=self._out, flush=True)


def _call_of(sender: str) -> Notification:
    """Return what an app that is awake shows of a call that no push has announced."""
    return Notification(kind="call", text=f"{sender} calling", sound="default", actions=("Accept", "Reject"))


def _long(seconds: int) -> str:
    return f"{seconds / _DAY:.0f} days" if seconds >= 2 * _DAY else f"{seconds / 60:.0f} minutes"
