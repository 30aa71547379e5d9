"""What is the matter with a PBX, in a plain sentence."""

from __future__ import annotations

from ringwake.model.effects import NOTHING, Effects, Note
from ringwake.model.events import Event, Field, Happened
from ringwake.model.tenant import Tenant
from ringwake.sip.errors import SipError
from ringwake.sip.message import Response

UNREACHED = SipError(503, "the PBX cannot be reached", (("retry-after", "10"),))
"""What a phone gets whose request needs the PBX. Not so soon again: it will not be back in a second."""
_SENTENCES = {
    403: "the PBX refuses the account",
    404: "the PBX does not know the account",
    420: 'the PBX refuses an extension: if it does not know Path, use upstream = "contact"',
    423: "the PBX wants a longer registration than the phone asks for",
    503: "the PBX is overloaded or in maintenance",
}
_CHALLENGES = (401, 407)


def trouble(tenant: Tenant, aor: str, response: Response | None, now: float) -> Effects:
    """Tell why a PBX did not take a request; None: it has not answered. A challenge is no trouble."""
    if response is not None and response.status in _CHALLENGES:
        return NOTHING
    status = response.status if response else 0
    fields: dict[str, Field] = {"tenant": tenant.domain, "aor": aor, "status": status, "reason": sentence(status)}
    return (Note(Event(Happened.PBX_REFUSED, now, "", fields)),)


def sentence(status: int) -> str:
    """Return what a final status of a PBX means to its operator; 0: there was none."""
    if not status:
        return "the PBX has not answered"
    return _SENTENCES.get(status, f"the PBX has answered {status}")
