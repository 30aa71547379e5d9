"""What an attached phone may ask of the inbox."""

from ringwake.emulators.device import Device, Registration
from ringwake.emulators.inbox_request import InboxError, InboxRequest
from ringwake.emulators.journal import hash8
from ringwake.emulators.office import Office

OPS = ("register", "rotate", "unregister", "ack")


class PhoneDesk:
    """Serves one device."""

    def __init__(self, office: Office, device: Device) -> None:
        self._office = office
        self._device = device

    async def answer(self, request: InboxRequest) -> dict[str, object] | None:
        """Return the answer, if this request has one; raises InboxError or DirectoryError."""
        match request.op:
            case "ack":
                self._acknowledge(request.number("seq"))
                return None
            case "register":
                return self._register(*request.app(), request.environment())
            case "rotate":
                return self._rotate(*request.app())
            case "unregister":
                return self._unregister(*request.app())
            case "attach" | "control":
                raise InboxError("already_attached", "this connection is a phone's already")
            case "switch" | "switches" | "journal":
                raise InboxError("not_allowed", "only a control connection may")
            case _:
                raise InboxError("unknown_op", "no such op")

    def _register(self, provider: str, app: str, environment: str) -> dict[str, object]:
        entry = self._office.directory.register(self._device, provider, app, environment=environment)
        self._note("registered", entry)
        return _shown(entry)

    def _rotate(self, provider: str, app: str) -> dict[str, object]:
        old, new = self._office.directory.rotate(self._device, provider, app)
        self._office.mailroom.forget(self._device, set(old.tokens.values()))
        self._note("rotated", new)
        return _shown(new)

    def _unregister(self, provider: str, app: str) -> dict[str, object]:
        entry = self._office.directory.unregister(self._device, provider, app)
        self._office.mailroom.forget(self._device, set(entry.tokens.values()))
        self._note("unregistered", entry)
        return {"op": "unregistered", "provider": provider, "app": app}

    def _acknowledge(self, seq: int) -> None:
        push = self._device.acknowledge(seq)
        if push is not None:
            shown = hash8(push.token)
            self._office.journal.note(push.provider, "acknowledged", token=shown, id=push.id, kind=push.kind)

    def _note(self, event: str, entry: Registration) -> None:
        for token in entry.tokens.values():
            self._office.journal.note("inbox", event, reason=entry.provider, token=hash8(token), kind=self._device.name)


def _shown(entry: Registration) -> dict[str, object]:
    shown: dict[str, object] = {"op": "registered", "provider": entry.provider, "app": entry.app}
    match entry.provider:
        case "apns":
            return shown | {"team": entry.team, "environment": entry.environment, "tokens": entry.tokens}
        case "webpush" | "unifiedpush" if entry.subscription is not None:
            return shown | {"subscription": entry.subscription.to_json()}
        case _:
            return shown | {"token": entry.tokens[""]}
