"""Phones that claim another phone's push token: asked by a push to prove it (docs/adr/0029-token-life.md)."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.model.app import VAPID
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Kind, PushTarget
from ringwake.model.store_ops import Register, Registered
from ringwake.registrar.token_claim import challenged_token

LIMIT, NO_KEYS = "challenge_limit", "no_keys"
"""Why a challenge is not sent: reasons as those of `wake.budget`. Without its keys a browser would get no ticket."""


def challenge(core: Core, op: Register, result: Registered, now: float) -> Effects:
    """Push to the tokens that a REGISTER has claimed and not proved; a proof that has served is good no more."""
    if op.proof is not None and not result.challenged:
        core.challenges.spend(op.proof, wall=core.wall(now))
    touched = {binding.id: binding for binding in result.touched}
    asked = (_ask(core, touched[each.binding], each.push, now) for each in result.challenged)
    return tuple(effect for effects in asked for effect in effects)


def _ask(core: Core, binding: Binding, target: PushTarget, now: float) -> Effects:
    if target.app.provider in VAPID and target.keys is None:
        return _held_back(binding, NO_KEYS, now)
    vehicle = challenged_token(target)
    assert vehicle is not None, "the claim would have been refused"
    push = core.challenges.push(binding, target, vehicle, now=now, wall=core.wall(now))
    if push is None:
        return _held_back(binding, LIMIT, now)
    suppressed = core.means.budget.tell(push, now)
    if suppressed is not None:
        core.challenges.give_back(push, now)
        return _held_back(binding, suppressed.reason, now)
    told = Event(Happened.TOKEN_CHALLENGED, now, "", {"device": binding.id, "token": push.token.label})
    return (SendPush(push, "", binding.phone), Note(told))


def _held_back(binding: Binding, reason: str, now: float) -> Effects:
    fields: dict[str, Field] = {"device": binding.id, "kind": Kind.WAKE.value, "reason": reason}
    return (Note(Event(Happened.PUSH_SUPPRESSED, now, "", fields)),)
