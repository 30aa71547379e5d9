"""A request of a phone on its way to the PBX; in `vault` the PBX's challenge is answered for the phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwake.model.effects import NOTHING, Effects
from ringwake.model.ports import Ids
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.sequence import restore_sequence
from ringwake.sip.digest import parse_challenge, parse_credentials
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.ua.digest_retry import retry
from ringwake.ua.identity import Identity
from ringwake.wake.relay import Relay

CHALLENGES = {401: "www-authenticate", 407: "proxy-authenticate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What a challenge is answered with."""

    login: Identity
    """Ours at the PBX."""
    realm: str
    """The PBX's; no other is answered."""
    ids: Ids
    rewrite: Callable[[Request], None]
    """Completes the request that is sent with credentials."""
    is_patient: bool = False
    """Whether a challenge is answered also after a 100."""


class UpwardRelay(Relay):
    """Owner of such a request.

    A challenge is answered once, and as the first word: a second one, or one after a 100, may be that of somebody
    behind the PBX, who is not to have our credentials.
    """

    def __init__(
        self, context: ResponseContext, answering: Answering | None, *, heard: Callable[[float], Effects]
    ) -> None:
        """Make one; `heard` is told, once, that the PBX is there."""
        super().__init__(context)
        self._answering = answering
        self._heard: Callable[[float], Effects] | None = heard
        self._sent: Request | None = None

    def begin(self, device: str, request: Request, flow: Flow, now: float) -> Effects:
        """Send the request."""
        self._sent = request
        return super().begin(device, request, flow, now)

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """Answer the PBX's challenge; pass everything else on, under the phone's own CSeq."""
        heard, self._heard = self._heard, None
        return (*(heard(now) if heard else NOTHING), *self._taken(branch_id, response, now))

    def _taken(self, branch_id: str, response: Response, now: float) -> Effects:
        own = self._answering
        if response.status > 100 or not (own and own.is_patient):
            self._answering = None
        if own is not None and self._sent is not None and response.status in CHALLENGES:
            again = retry(self._sent, of_realm(response, own.realm), own.login, own.ids)
            if again is not None and self.context.is_open:  # else who has hung up waits for the end of the call
                own.rewrite(again)
                return self.context.again("", again)
        return super().response(branch_id, restore_sequence(response, self.context.request), now)


def drop_credentials(request: Request, realm: str) -> None:
    """Take out what a phone has answered in the PBX's realm: its password is for us, and the answer there is ours."""
    texts = request.headers.texts("authorization")
    kept = [text for text in texts if _answered_realm(text) != realm]
    if kept != texts:
        request.headers.remove("authorization")
        for text in kept:
            request.headers.append("authorization", text)


def _answered_realm(text: str) -> str:
    try:
        credentials = parse_credentials(text)
    except ParseError:
        return ""
    return credentials.realm if credentials else ""


def of_realm(response: Response, realm: str) -> Response:
    """Return a challenge without those of other realms."""
    key = CHALLENGES[response.status]
    copy = response.copy()
    copy.headers.remove(key)
    for text in response.headers.texts(key):
        if _realm_of(text) == realm:
            copy.headers.append(key, text)
    return copy


def _realm_of(text: str) -> str:
    try:
        challenge = parse_challenge(text)
    except ParseError:
        return ""
    return challenge.realm if challenge else ""
