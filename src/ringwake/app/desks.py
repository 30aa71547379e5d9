"""The errands of HTTP, each done by a recipe of the edge."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.api.desks import Desks
from ringwake.edge.act import Done, act
from ringwake.edge.core import Core
from ringwake.edge.read_entries import tell_badge
from ringwake.edge.send_message import Fate, Writing, send_message
from ringwake.model.account import Account
from ringwake.model.effects import Effects
from ringwake.wake.actions import Act


def desks_of(core: Core, perform: Callable[[Effects, float], None], clock: Callable[[], float]) -> Desks:
    """Make the desks.

    Args:
        core: of the server.
        perform: carries effects out.
        clock: monotonic seconds now.
    """

    def acted(one: Act, text: str, told: Callable[[Fate], None]) -> Done:
        now = clock()
        done, effects = act(core, one, text, now, told=told)
        perform(effects, now)
        return done

    def badge(account: Account, unread: int, reader: str) -> None:
        now = clock()
        perform(tell_badge(core, account, unread, reader=reader, now=now), now)

    def write(writing: Writing, told: Callable[[Fate], None]) -> None:
        now = clock()
        perform(send_message(core, writing, now, told=told), now)

    return Desks(act=acted, badge=badge, write=write)
