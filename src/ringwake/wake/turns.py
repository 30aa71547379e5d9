"""Who rings when: all phones of an account at once, or one after the other, as its owner has chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ringwake.model.binding import Binding
from ringwake.model.settings import Settings
from ringwake.sip.errors import ParseError
from ringwake.sip.params import Params
from ringwake.wake.plan import Action, Target

_QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_UNSAID = 1.0
"""Preference of a Contact that names none."""


def in_turn(targets: Sequence[Target], settings: Settings) -> list[Target]:
    """Say of each phone how long after the first ones it is called or woken.

    A phone that cannot be reached takes no turn, so nobody waits for it.
    """
    able = [target for target in targets if target.action is not Action.SKIP]
    ranks = sorted({preference(target.binding) for target in able}, reverse=True)
    starts: dict[str, float] = {}
    for target in able:
        turn = ranks.index(preference(target.binding)) * settings.calls.next_after if settings.calls.in_order else 0.0
        starts[target.binding.id] = max(turn, settings.device(target.binding.handset).ring_after)
    first = min(starts.values(), default=0.0)
    return [replace(target, ring_after=max(0.0, starts.get(target.binding.id, 0.0) - first)) for target in targets]


def preference(binding: Binding) -> float:
    """Return the `q` of a phone's Contact (RFC 3261 section 20.10); 1 where there is none that can be read."""
    try:
        text = Params.parse(binding.params).get("q") or ""
    except ParseError:
        return _UNSAID
    return float(text) if _QVALUE.fullmatch(text) else _UNSAID
