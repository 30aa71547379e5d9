"""What a control connection may ask of the inbox: the switches and the journal."""

import msgspec

from ringwake.emulators.inbox_request import InboxError, InboxRequest
from ringwake.emulators.office import Office
from ringwake.emulators.switches import SERVICES, SwitchError

MOST_ENTRIES = 500


class ControlDesk:
    """Serves tests and tools."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def answer(self, request: InboxRequest) -> dict[str, object]:
        """Return the answer; raises InboxError."""
        match request.op:
            case "switch":
                return await self._switch(request)
            case "switches":
                return {"op": "switches", "services": self._office.switches.describe()}
            case "journal":
                return self._journal(request.number("after"))
            case "attach" | "control":
                raise InboxError("already_attached", "this connection is a control connection already")
            case "register" | "rotate" | "unregister" | "ack":
                raise InboxError("not_attached", "only a phone may")
            case _:
                raise InboxError("unknown_op", "no such op")

    async def _switch(self, request: InboxRequest) -> dict[str, object]:
        service, changes = request.fields.get("service"), request.fields.get("set", ())
        if not isinstance(service, str):
            raise InboxError("bad_field", f"service: one of {', '.join(SERVICES)}")
        if changes is not None and not isinstance(changes, dict):
            raise InboxError("bad_field", "set: an object, or null")
        switches = self._office.switches
        try:
            state = await (switches.clear(service) if changes is None else switches.set(service, **changes))
        except SwitchError as error:
            raise InboxError("bad_field", str(error)) from None
        self._office.journal.note("inbox", "switched", reason=service)
        return {"op": "switched", "service": service, "switches": msgspec.structs.asdict(state)}

    def _journal(self, after: int) -> dict[str, object]:
        entries = self._office.journal.after(after, MOST_ENTRIES)
        last = entries[-1].serial if entries else max(after, 0)
        return {"op": "journal", "entries": [msgspec.structs.asdict(entry) for entry in entries], "last": last}
