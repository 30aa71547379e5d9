"""What the log of the terminal phone says of what happened."""

from __future__ import annotations

from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.notification import Notification

_SENTENCES = {
    "registered": "Registered.",
    "awake": "The app is awake.",
    "asleep": "The app sleeps.",
    "terminated": "The app is terminated. Only a push can wake it.",
    "off": "The phone is off.",
    "line lost": "The connection to the server is gone.",
    "push service lost": "The connection to the push services is gone: start the phone again.",
}


def log_line(note: PhoneNote) -> str:
    """Return the line for a note; empty when it is not worth one."""
    fields = note.fields
    match note.what:
        case "message":
            return f"{fields['sender']}: {fields['text']}"
        case "wake failed":
            return f"Waking failed: {fields['reason']}."
        case "registered" if not fields["push"]:
            return "Registered; the server does not push: stay awake."
        case what:
            return _SENTENCES.get(what, "")


def push_line(push: Notification) -> str:
    """Return the line for a push, also for one that shows nothing."""
    return f"Push: {push.kind or 'unknown'}{f': {push.text}' if push.text else ''}"
