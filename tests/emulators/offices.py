"""A lab's inside without its listeners: offices, phones without sockets, requests without wires."""

from dataclasses import dataclass, field

from tests.emulators.bench import ManualClock

from ringwake.emulators.clock import Clock
from ringwake.emulators.directory import Directory
from ringwake.emulators.exchange import Peer, Request
from ringwake.emulators.journal import Journal
from ringwake.emulators.mailroom import Mailroom
from ringwake.emulators.office import Office
from ringwake.emulators.switches import Switchboard

TEAM = "TEAM123456"
BUNDLE = "com.example.phone"
PROJECT = "demo-project"
ORIGIN = "https://127.0.0.1:8443"


def make_office(clock: Clock | None = None, **switches: dict[str, object]) -> Office:
    clock = clock or ManualClock()
    journal, board = Journal(clock.monotonic), Switchboard(switches)
    directory = Directory(clock, team=TEAM)
    directory.webpush_origin = ORIGIN
    mailroom = Mailroom(clock=clock, journal=journal, switches=board)
    return Office(clock=clock, journal=journal, directory=directory, mailroom=mailroom, switches=board)


@dataclass
class FakePhone:
    """A link that remembers."""

    messages: list[dict[str, object]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def send(self, message: dict[str, object]) -> None:
        self.messages.append(message)

    def end(self, code: int, reason: str) -> None:
        assert reason
        self.ended.append(code)

    @property
    def ids(self) -> list[object]:
        return [message["id"] for message in self.messages]


def post(
    target: str, headers: dict[str, str] | list[tuple[str, str]], body: bytes, peer: Peer | None = None
) -> Request:
    fields = tuple(headers.items() if isinstance(headers, dict) else headers)
    return Request(method="POST", target=target, headers=fields, body=body, peer=peer or Peer(1))


def events(office: Office) -> list[str]:
    """Return the journal, shortened."""
    return [" ".join(filter(None, (entry.event, entry.reason))) for entry in office.journal.entries]
