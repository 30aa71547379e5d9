"""What the terminal phone shows, as data: account, state, badge, log, and what announces a call or a message."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from ringwake.cli.plain import plain
from ringwake.cli.terminal.log_lines import log_line, push_line
from ringwake.cli.terminal.wishes import Wishes
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.notification import Notification

MOST_LINES = 500
_MOST_CALLS = 100
_ENDS = ("missed", "elsewhere", "cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What stands before the owner's eyes: an alert until it is acted on, or a banner that goes by itself."""

    text: str
    title: str = ""
    style: str = "none"
    """`alert`, `banner`, or `none` of a call that is only heard."""
    call_id: str = ""
    """Of a call that may be accepted or rejected; empty: it is about something else."""
    has_sound: bool = False


class ScreenState:
    """Takes notes of the phone; the widgets draw what it says then. All its text is plain, and in single lines."""

    def __init__(self, account: str) -> None:
        self.account = plain(account)
        self.state = "off"
        """Of the app: `awake`, `asleep`, `terminated` or `off`."""
        self.badge = 0
        self.log: deque[str] = deque(maxlen=MOST_LINES)
        self.lines = 0
        """How many there were, with those that the log has forgotten."""
        self.chimes = 0
        """How often something has sounded that does not ring on."""
        self.wishes = Wishes()
        """How a call is announced that comes without a push."""
        self._ringing: dict[str, Announcement] = {}
        """By Call-ID, the oldest first."""
        self._notice: Announcement | None = None
        """About something that is no call."""
        self._talking: set[str] = set()
        """Call-IDs of the calls that are up."""
        self._texts_due = 0
        """Messages that pushes have announced and that are yet to come."""
        self._seqs: dict[str, int] = {}
        """Call-ID -> highest `seq` of its pushes."""
        self._done: deque[str] = deque(maxlen=_MOST_CALLS)
        """Call-IDs of calls that are over or were acted on: a push that was overtaken must not ring."""

    @property
    def shown(self) -> Announcement | None:
        """What is to be seen above the log: the newest call, else a notice."""
        calls = (one for one in reversed(self._ringing.values()) if one.style != "none")
        return next(calls, self._notice)

    @property
    def is_called(self) -> bool:
        """Whether there is a call to accept or to reject, seen or not."""
        return bool(self._ringing)

    @property
    def rings(self) -> bool:
        """Whether it is to be heard."""
        return any(one.has_sound for one in self._ringing.values())

    @property
    def talks(self) -> bool:
        """Whether a call is up."""
        return bool(self._talking)

    def say(self, line: str) -> None:
        """Add a line to the log."""
        if line:
            self.log.append(plain(line))
            self.lines += 1

    def note(self, note: PhoneNote) -> None:
        """Take a note of the phone."""
        fields = note.fields
        match note.what:
            case "push":
                self._pushed(fields["notification"])
            case "invite":
                self._invited(fields["call_id"], plain(fields["sender"]))
            case "call":
                self._changed(fields["call_id"], fields["state"], fields["ending"])
            case "message":
                self.say(log_line(note))
                self._written(plain(f"{fields['sender']}: {fields['text']}"))
            case "awake" | "asleep" | "terminated" | "off":
                self.say(log_line(note))
                self._enter(note.what)
            case _:
                self.say(log_line(note))

    def act(self) -> None:
        """Take away what is shown, because the owner has acted on it: the newest call, else the notice."""
        if self._ringing:
            self._over(next(reversed(self._ringing)))
        else:
            self._notice = None

    def passed(self, banner: Announcement) -> None:
        """Take a banner away, because its time is over. Its call may ring on."""
        if self._notice == banner:
            self._notice = None
        elif self._ringing.get(banner.call_id) == banner:
            self._ringing[banner.call_id] = replace(banner, style="none")

    # ---- what happened

    def _pushed(self, push: Notification) -> None:
        self.say(push_line(push))
        if push.badge is not None:
            self.badge = push.badge
        if push.call_id and push.seq < self._seqs.get(push.call_id, 0):
            return  # it was overtaken (docs/reference/payload.md)
        self._remember(push.call_id, push.seq)
        announcement = Announcement(
            text=plain(push.text),
            title=plain(push.title) if push.text else "",
            style=push.style if push.text else "none",
            call_id=push.call_id if push.rings else "",
            has_sound=bool(push.sound),
        )
        if push.rings and push.call_id:
            if push.call_id not in self._done:
                self._ringing[push.call_id] = announcement
            return
        if push.kind == "message":
            self._texts_due += 1
        if push.kind in _ENDS:
            self._over(push.call_id)
        self._show(announcement)

    def _invited(self, call_id: str, sender: str) -> None:
        if call_id in self._ringing or call_id in self._seqs:
            self.say("The call is here.")
            return
        wishes = self.wishes
        text = f"{sender} calling" if wishes.preview else "Incoming call"
        self.say(text)
        self._ringing[call_id] = Announcement(text=text, style=wishes.style, call_id=call_id, has_sound=wishes.sound)

    def _changed(self, call_id: str, state: str, ending: str) -> None:
        if state == "up":
            self._talking.add(call_id)
            self.say("In the call.")
        if state == "ended":
            self._talking.discard(call_id)
            self.say(f"The call is over ({ending or 'ended'}).")
        if state in ("up", "ended"):
            was = self._ringing.get(call_id)
            self._over(call_id)
            if was is not None and ending == "cancelled":
                self._missed(was)

    def _missed(self, call: Announcement) -> None:
        """Count a call that nobody took while the app was awake; a push that comes for it says the number anew."""
        if self.wishes.badge:
            self.badge += 1
        self._show(Announcement(text=f"Missed: {call.text}", style=self.wishes.style))

    def _written(self, text: str) -> None:
        if self._texts_due:
            self._texts_due -= 1
            return
        wishes = self.wishes
        shown = text if wishes.preview else "New message"
        self._show(Announcement(text=shown, style=wishes.style, has_sound=wishes.sound))

    def _enter(self, state: str) -> None:
        self.state = state
        if state != "awake":
            self._texts_due = 0
        if state in ("terminated", "off"):
            self._talking.clear()
            for call_id in tuple(self._ringing):
                self._over(call_id)

    # ---- what is shown

    def _show(self, announcement: Announcement) -> None:
        if announcement.has_sound:
            self.chimes += 1
        if announcement.style != "none":
            self._notice = announcement

    def _over(self, call_id: str) -> None:
        self._ringing.pop(call_id, None)
        self._done.append(call_id)

    def _remember(self, call_id: str, seq: int) -> None:
        if call_id:
            self._seqs[call_id] = seq
            if len(self._seqs) > _MOST_CALLS:
                del self._seqs[next(iter(self._seqs))]
