"""What the owner of a phone sees of calls and of its badge, from what the phone tells."""

from __future__ import annotations

from ringwake.softphone.app_state import PhoneNote

RINGING = "ringing"
_ENDS = ("missed", "elsewhere", "cancel")


class LockScreen:
    """One phone's.

    A push shows a call at once, as CallKit and a notification do: from then on it rings until the app hears the end of
    it, by SIP or by another push.
    """

    def __init__(self) -> None:
        self.calls: dict[str, str] = {}
        """By Call-ID: `ringing`, `up`, or how it went."""
        self.badge = 0
        """The number on the icon: what the last push has said, and one more for each call that was missed since."""
        self.heard: list[tuple[str, str]] = []
        """Kind and Call-ID of each push, in order."""
        self._newest: dict[str, int] = {}
        """By Call-ID, the highest `seq`: pushes overtake each other."""

    def note(self, note: PhoneNote) -> None:
        """Take what the phone tells."""
        match note.what:
            case "push":
                self._pushed(note)
            case "invite":
                self.calls.setdefault(note.fields["call_id"], RINGING)  # unless it has heard that it is over
            case "call" if note.fields["call_id"] in self.calls:
                self._changed(note)

    @property
    def announced(self) -> list[str]:
        """Call-IDs of the pushes that announced a call, in order."""
        return [call_id for kind, call_id in self.heard if kind == "call"]

    @property
    def phantoms(self) -> list[str]:
        """Calls that ring."""
        return [call_id for call_id, state in self.calls.items() if state == RINGING]

    def _pushed(self, note: PhoneNote) -> None:
        push = note.fields["notification"]
        if push.seq < self._newest.get(push.call_id, 0):
            return
        self._newest[push.call_id] = push.seq
        self.heard.append((push.kind, push.call_id))
        if push.kind == "call" and push.call_id in self.calls:
            return  # the app has come before it: its number is that of before the call
        if push.badge is not None:
            self.badge = push.badge
        if push.kind == "call":
            self.calls[push.call_id] = RINGING
        elif push.kind in _ENDS and self.calls.get(push.call_id) == RINGING:
            self.calls[push.call_id] = push.kind

    def _changed(self, note: PhoneNote) -> None:
        call_id, state, ending = (note.fields[name] for name in ("call_id", "state", "ending"))
        was_ringing = self.calls[call_id] == RINGING
        if state == "ended":
            self.calls[call_id] = ending
            self.badge += was_ringing and ending == "cancelled"
        elif state == "up":
            self.calls[call_id] = state
