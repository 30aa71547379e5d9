"""What somebody has read on one device is read on all: the badges of the others follow, where that costs no wake."""

from __future__ import annotations

from collections.abc import Iterator

from ringwake.edge.core import Core
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effect, Effects, Note, Persist, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.history_ops import MarkRead
from ringwake.model.push import Kind
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
        return tuple(_tell(core, words, others, now))

    return (Persist(ListBindings(aor=account.aor, wall=wall), applied=applied),)


def _tell(core: Core, words: Announcement, bindings: Iterator[Binding], now: float) -> Iterator[Effect]:
    told = set[str]()
    wall = core.wall(now)
    for binding in bindings:
        push = words.push(Kind.READ, binding, seq=0, wall=wall, until=wall + NOTICE_SECONDS)
        if push is None or push.notice.alert is None or push.token.digest in told:
            continue
        told.add(push.token.digest)
        fields: dict[str, Field] = {"device": binding.id, "kind": Kind.READ.value}
        suppressed = core.means.budget.tell(push, now)
        if suppressed is not None:
            yield Note(Event(Happened.PUSH_SUPPRESSED, now, "", {**fields, "reason": suppressed.reason}))
            continue
        yield SendPush(push, "", binding.phone)
        yield Note(Event(Happened.PUSH_SENT, now, "", {**fields, "token": push.token.label}))
