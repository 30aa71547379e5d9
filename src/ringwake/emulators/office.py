"""What the services of one lab share."""

from dataclasses import dataclass

from ringwake.emulators.clock import Clock
from ringwake.emulators.directory import Directory
from ringwake.emulators.journal import Journal
from ringwake.emulators.mailroom import Mailroom
from ringwake.emulators.switches import Switchboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Time, memory, faults, and the way to the devices."""

    clock: Clock
    journal: Journal
    directory: Directory
    mailroom: Mailroom
    switches: Switchboard
