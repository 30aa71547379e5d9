"""A request to the inbox, read field by field (docs/reference/inbox.md)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ringwake.emulators.device import PRODUCTION, SANDBOX
from ringwake.emulators.json_object import read_object
from ringwake.emulators.subscription import point_of

MOST_REF = 64
MOST_NUMBER = 2**53
_SECRET = re.compile(r"[!-~]{8,128}")
_DEVICE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROJECT = re.compile(r"[A-Za-z0-9._-]{1,128}")
_APP_ID = re.compile(r"[0-9]{6,24}")
_BUNDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,127}")
_SERVICE_SUFFIX = re.compile(r".*\.(voip|voip-ptt|complication|location-query|pushkit\.fileprovider|push-type\..*)")


class InboxError(Exception):
    """A request that cannot be fulfilled; `code` is the contract's word, the sentence quotes nothing."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class InboxRequest:
    """One JSON object with its `op`."""

    op: str
    fields: Mapping[str, object]

    @property
    def ref(self) -> dict[str, object]:
        """What the answer repeats: `ref`, or nothing."""
        ref = self.fields.get("ref")
        match ref:
            case bool():
                return {}
            case str() if len(ref) <= MOST_REF:
                return {"ref": ref}
            case int() if abs(ref) < MOST_NUMBER:
                return {"ref": ref}
            case _:
                return {}

    def device(self) -> str:
        """Read the device's name."""
        return self._text("device", _DEVICE, "1 to 64 of A-Z a-z 0-9 . _ -")

    def secret(self) -> str:
        """Read a secret."""
        return self._text("secret", _SECRET, "8 to 128 printable ASCII characters without space")

    def app(self) -> tuple[str, str]:
        """Read which provider and app is meant."""
        match self.fields.get("provider"):
            case "apns":
                bundle = self._text("app", _BUNDLE, "a bundle id, 1 to 128 of A-Z a-z 0-9 . -")
                if _SERVICE_SUFFIX.fullmatch(bundle):
                    raise InboxError("bad_field", "app: the bundle id without a service suffix")
                return "apns", bundle
            case "fcm":
                return "fcm", self._text("app", _PROJECT, "a project id, 1 to 128 of A-Z a-z 0-9 . _ -")
            case "hms":
                return "hms", self._text("app", _APP_ID, "an app id, 6 to 24 digits")
            case "http":
                return "http", self._text("app", _PROJECT, "a name, 1 to 128 of A-Z a-z 0-9 . _ -")
            case "webpush" | "unifiedpush" as provider:
                return str(provider), self._server_key()
            case _:
                raise InboxError("bad_field", "provider: apns, fcm, webpush, unifiedpush, hms or http")

    def environment(self) -> str:
        """Read in which of Apple's environments the app is; the others have one only."""
        match self.fields.get("environment", PRODUCTION):
            case "production":
                return PRODUCTION
            case "sandbox" if self.fields.get("provider") == "apns":
                return SANDBOX
            case _:
                raise InboxError("bad_field", "environment: production, or for apns also sandbox")

    def number(self, name: str) -> int:
        """Read a whole number that is not negative."""
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_NUMBER:
            raise InboxError("bad_field", f"{name}: a whole number")
        return value

    def _server_key(self) -> str:
        key = self.fields.get("application_server_key")
        if not isinstance(key, str) or point_of(key) is None:
            sentence = "application_server_key: an uncompressed P-256 point in base64url without padding"
            raise InboxError("bad_field", sentence)
        return key

    def _text(self, name: str, pattern: re.Pattern[str], sentence: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InboxError("bad_field", f"{name}: {sentence}")
        return value


def read_request(message: str | bytes) -> InboxRequest:
    """Read one WebSocket message; raises InboxError."""
    found = read_object(message) if isinstance(message, str) else None
    op = found.get("op") if found is not None else None
    if found is None or not isinstance(op, str):
        raise InboxError("bad_message", "one JSON object with op, as text")
    return InboxRequest(op, found)
