"""What phones and operators may set going over HTTP, as the edge does it. `app.desks` puts them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwake.edge.act import Done
from ringwake.edge.send_message import Fate, Writing
from ringwake.model.account import Account
from ringwake.wake.actions import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The doors from HTTP into the edge, one for each errand."""

    badge: Callable[[Account, int, str], None] | None = None
    """Tells the phones of an account how many entries are unread, but for the one of this handset, which knows."""
    write: Callable[[Writing, Callable[[Fate], None]], None] | None = None
    """Sends a message in the name of an account; raises SipError where it cannot, else tells what became of it."""
    act: Callable[[Act, str, Callable[[Fate], None]], Done] | None = None
    """Does what a signed URL says; with the text that it is to write, if it writes, and tells what became of that."""
