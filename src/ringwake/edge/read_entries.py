"""What somebody has read on one device is read on all: the badges of the others follow, where that costs no wake."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.edge.tell_phones import tell_phones
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Persist
from ringwake.model.history_ops import MarkRead
from ringwake.model.push import Kind, Push
from ringwake.model.store_ops import ListBindings
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.wording import NOBODY


def read_entries(core: Core, account: Account, entries: tuple[str, ...], *, reader: str, now: float) -> Effects:
    """Mark entries as read, and tell the other phones the new number.

    Args:
        core: the parts of the server.
        account: whose they are.
        entries: their ids; empty: all that there are now.
        reader: `Binding.handset` or `Binding.phone` of the one that knows already; empty: of none.
        now: monotonic seconds.
    """

    def then(counts: tuple[int, int], now: float) -> Effects:
        marked, unread = counts
        return tell_badge(core, account, unread, reader=reader, now=now) if marked else NOTHING

    op = MarkRead(aor=account.aor, entries=entries, until=core.wall(now))
    return (Persist(op, then=then),)


def tell_badge(core: Core, account: Account, unread: int, *, reader: str, now: float) -> Effects:
    """Tell the phones of an account how many of its calls and messages are unread, but for the one that knows."""
    wall = core.wall(now)
    words = Announcement(
        account=account,
        call_id="",
        caller=NOBODY,
        identity=f"{account.aor}\0{unread}\0{wall}".encode("utf-8", "surrogateescape"),
        seal=core.seal,
        find_app=core.directory.app,
        unread=unread,
    )

    def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
        others = (known for known in bindings if reader not in (known.handset, known.phone))
        return tuple(tell_phones(core, ((known, _push(words, known, wall)) for known in others), trace="", now=now))

    return (Persist(ListBindings(aor=account.aor, wall=wall), applied=applied),)


def _push(words: Announcement, binding: Binding, wall: float) -> Push | None:
    push = words.push(Kind.READ, binding, seq=0, wall=wall, until=wall + NOTICE_SECONDS)
    return None if push is None or push.notice.alert is None else push
