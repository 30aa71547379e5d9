"""What a phone has seen already, so that nothing is shown twice; the oldest is forgotten."""

from __future__ import annotations

from collections import deque

from ringwake.ua.call import CallState, IncomingCall

MOST = 500


class History:
    """Calls, pushes and messages of one phone."""

    def __init__(self) -> None:
        self._calls: deque[IncomingCall] = deque(maxlen=MOST)
        self._pushes: deque[str] = deque(maxlen=MOST)
        self._messages: deque[tuple[str, int]] = deque(maxlen=MOST)

    @property
    def current_call(self) -> IncomingCall | None:
        """The newest incoming call that is not over."""
        return next((call for call in reversed(self._calls) if call.state is not CallState.ENDED), None)

    def called(self, call: IncomingCall) -> None:
        """Take note of a call to us."""
        self._calls.append(call)

    def is_new_push(self, name: str) -> bool:
        """Take note of a push; one without a name is always new."""
        is_new = not name or name not in self._pushes
        if is_new:
            self._pushes.append(name)
        return is_new

    def is_new_message(self, call_id: str, seq: int) -> bool:
        """Take note of a MESSAGE; several may share a Call-ID."""
        is_new = (call_id, seq) not in self._messages
        if is_new:
            self._messages.append((call_id, seq))
        return is_new

    def suspend(self) -> None:
        """Forget the calls that cannot outlast the connection."""
        self._calls = deque((call for call in self._calls if call.state is CallState.UP), maxlen=MOST)

    def forget_calls(self) -> None:
        """Forget all calls."""
        self._calls.clear()
