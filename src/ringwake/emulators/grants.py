"""Bearer tokens that a token endpoint has given out, and the JSON that it answers in (RFC 6749 section 5)."""

import msgspec

from ringwake.emulators.exchange import Response
from ringwake.emulators.journal import hash8
from ringwake.emulators.office import Office

_KEPT = 1000


class Grants:
    """The tokens of one endpoint; beyond a thousand the oldest is forgotten."""

    def __init__(self, office: Office, service: str, *, seconds: int) -> None:
        """Begin; `service` is its name in the journal, `seconds` the life of a token."""
        self._office = office
        self._service = service
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def give(self, token: str) -> Response:
        """Return the answer that gives a token out."""
        self._until[token] = self._office.clock.wall() + self._seconds
        if len(self._until) > _KEPT:
            self._until.pop(next(iter(self._until)))
        self._office.journal.note(self._service, "accepted", token=hash8(token), status=200)
        return token_answer(200, {"access_token": token, "expires_in": self._seconds, "token_type": "Bearer"})

    def expires_at(self, token: str) -> float | None:
        """Return until when a bearer token is good; None if we never gave it out."""
        return self._until.get(token)


def token_answer(status: int, content: dict[str, object]) -> Response:
    """Return an answer of a token endpoint, which nobody may store."""
    headers = (("content-type", "application/json; charset=utf-8"), ("cache-control", "no-store"))
    return Response(status=status, headers=headers, body=msgspec.json.encode(content))
