"""Pushes that tell phones something and wake nobody: each phone once, where its budget allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringwake.edge.core import Core
from ringwake.model.binding import Binding
from ringwake.model.effects import Effect, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Push


def tell_phones(
    core: Core, pushes: Iterable[tuple[Binding, Push | None]], *, trace: str, now: float
) -> Iterator[Effect]:
    """Send pushes, the first to each token; None: this phone gets none.

    Args:
        core: the parts of the server.
        pushes: each with the binding that it is for.
        trace: of the call that they tell of, or empty.
        now: monotonic seconds.
    """
    told = set[str]()
    for binding, push in pushes:
        if push is None or push.token.digest in told:
            continue
        told.add(push.token.digest)
        fields: dict[str, Field] = {"device": binding.id, "kind": push.notice.kind.value}
        suppressed = core.means.budget.tell(push, now)
        if suppressed is not None:
            yield Note(Event(Happened.PUSH_SUPPRESSED, now, trace, {**fields, "reason": suppressed.reason}))
            continue
        yield SendPush(push, "", binding.phone)
        yield Note(Event(Happened.PUSH_SENT, now, trace, {**fields, "token": push.token.label}))
