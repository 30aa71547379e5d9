"""The switches: what goes wrong at which service, on purpose. Set in Python or through the inbox' control door."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from ringwake.emulators.provider_token import RENEWAL_SECONDS

SERVICES = ("apns", "apns-sandbox", "fcm", "oauth", "webpush", "hms", "hms-oauth", "http")
# Token endpoints live on their service's listener and deliver nothing: only what concerns a request is their own.
_TOKEN_ENDPOINTS = {"oauth": "fcm", "hms-oauth": "hms"}
_OF_A_REQUEST = frozenset({"answer", "reason", "retry_after", "reset", "lose_answer", "hang", "slow", "times"})
# What concerns a device or a team is switched for both of Apple's environments at once.
_OF_BOTH = frozenset({"drop", "delay", "duplicate", "token_interval", "quota"})

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
HeaderText = Annotated[str, Meta(max_length=100, pattern=r"^[ -~]*\Z")]


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of one service's switches; the defaults are a service without faults."""

    off: bool = False
    """Connections are refused, open ones cut."""
    drop: bool = False
    """Pushes are accepted and never delivered."""
    delay: Seconds = 0.0
    """Seconds between acceptance and delivery."""
    duplicate: bool = False
    """Pushes are delivered twice."""
    answer: Annotated[int, Meta(ge=0, le=599)] = 0
    """Every request gets this status, 200 to 599, unchecked."""
    reason: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_]*\Z")] = ""
    """The reason in that answer, when not the usual one of its status."""
    retry_after: int | HeaderText = ""
    """The Retry-After of that answer: seconds or a date, or nonsense to be survived."""
    reset: bool = False
    """A request is answered by RST_STREAM (HTTP/2) or a closed connection (HTTP/1.1)."""
    lose_answer: bool = False
    """A request is served, and what answers it is lost in the same way: its sender cannot know."""
    hang: bool = False
    """A request is never answered."""
    slow: Seconds = 0.0
    """Seconds before an answer."""
    times: Count = 0
    """answer, reset, lose_answer, hang and slow are over after so many requests; 0: they stay."""
    goaway: Count = 0
    """GOAWAY after every so many requests of a connection."""
    idle_close: Seconds = 0.0
    """A connection idle for so many seconds is closed."""
    streams: Count = 0
    """MAX_CONCURRENT_STREAMS in place of the service's own."""
    overrun: Annotated[str, Meta(pattern=r"^(refuse|goaway)\Z")] = "refuse"
    """What a stream above the limit causes: REFUSED_STREAM, or GOAWAY and the end of the connection."""
    freeze: bool = False
    """Connections stay open, but nothing is read from or written to them."""
    stall: bool = False
    """No flow-control credit is given back for request bodies."""
    token_interval: Seconds = RENEWAL_SECONDS
    """apns: how often a team may show a new provider token, in either environment."""
    quota: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """fcm: the share of Google's quotas that applies; apns: of the background budget, for both; 0: none does."""


CLEAR = Switches()


class SwitchError(ValueError):
    """No such service or switch, or not that value."""


Watcher = Callable[[Switches], Awaitable[None]]


class Switchboard:
    """The switches of all services."""

    def __init__(self, initial: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self._state = dict.fromkeys(SERVICES, CLEAR)
        self._watchers: dict[str, Watcher] = {}
        for service, changes in (initial or {}).items():
            self._state[service] = self._changed(service, changes)

    def __getitem__(self, service: str) -> Switches:
        return self._state[service]

    async def set(self, service: str, /, **changes: object) -> Switches:
        """Change the named switches of a service and leave the others; raises SwitchError."""
        self._state[service] = self._changed(service, changes)
        return await self._tell(service)

    async def clear(self, service: str) -> Switches:
        """Put all switches of a service back."""
        self._changed(service, {})
        self._state[service] = CLEAR
        return await self._tell(service)

    def watch(self, service: str, watcher: Watcher) -> None:
        """Have `watcher` called with each new state of a service's switches."""
        self._watchers[service] = watcher

    def spend(self, service: str) -> Switches:
        """Return the switches as they are for one request, and count it against `times`."""
        now = self._state[service]
        if now.times and (now.answer or now.reset or now.lose_answer or now.hang or now.slow):
            left = now.times - 1
            over = {} if left else {"answer": 0, "reset": False, "lose_answer": False, "hang": False, "slow": 0.0}
            self._state[service] = msgspec.structs.replace(now, times=left, **over)
        return now

    def describe(self) -> dict[str, dict[str, object]]:
        """Return all switches, JSON-ready."""
        return {service: msgspec.structs.asdict(state) for service, state in self._state.items()}

    async def _tell(self, service: str) -> Switches:
        if (watcher := self._watchers.get(service)) is not None:
            await watcher(self._state[service])
        return self._state[service]

    def _changed(self, service: str, changes: Mapping[str, object]) -> Switches:
        if service not in self._state:
            raise SwitchError(f"service: one of {', '.join(SERVICES)}")
        try:
            changed = msgspec.convert({**msgspec.structs.asdict(self._state[service]), **changes}, Switches)
        except msgspec.ValidationError as error:
            raise SwitchError(str(error)) from None
        shared = _TOKEN_ENDPOINTS.get(service)
        if shared and (wrong := changes.keys() - _OF_A_REQUEST):
            raise SwitchError(f"{min(wrong)}: {service} has no such switch, it shares the listener of {shared}")
        if service == "apns-sandbox" and (both := changes.keys() & _OF_BOTH):
            raise SwitchError(f"{min(both)}: that of apns is for both")
        if service != "apns" and "token_interval" in changes:
            raise SwitchError("token_interval: only apns has it")
        if service not in {"apns", "fcm"} and "quota" in changes:
            raise SwitchError("quota: only apns and fcm have it")
        if 0 < changed.answer < 200:
            raise SwitchError("answer: 200 to 599, or 0 for none")
        return changed
