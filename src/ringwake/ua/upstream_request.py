"""The REGISTERs of one account to its PBX: one Call-ID, a rising CSeq, and the second try that mends the first."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringwake.model.ports import Ids
from ringwake.sip.digest import parse_challenge, parse_credentials
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS
from ringwake.sip.flow import Flow
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import REGISTER
from ringwake.sip.outbound import PATH
from ringwake.sip.via import COOKIE
from ringwake.ua.digest_retry import retry
from ringwake.ua.identity import Identity
from ringwake.ua.register_answer import Answer, BadExtension, Challenged, TooBrief

LONGEST_EXPIRES = 86400
"""A PBX whose Min-Expires is longer is refused: it would keep the binding of a phone that is long gone."""
MOST_REQUESTS = 6
"""REGISTERs of one try: a proxy's challenge, the PBX's, a stale nonce, 420 and 423 all fit, and a loop ends."""
_CHALLENGES = {401: "www-authenticate", 407: "proxy-authenticate"}
_CREDENTIALS = {401: "authorization", 407: "proxy-authorization"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxAccount:
    """What an account is at its PBX."""

    aor: str
    """Its URI there, for To and From."""
    registrar: str
    """Request-URI: the PBX's domain. The answer that a phone gives to a challenge covers it."""
    contact: str
    """Our Contact URI. Its user part is used by nobody else at the PBX."""
    login: Identity | None = None
    """User and password there, or None: only the phone has them."""
    realm: str = ""
    """Only challenges of this realm are answered; empty: any."""


@dataclass(slots=True, kw_only=True)
class Registers:
    """What is sent, and what was."""

    account: PbxAccount
    ids: Ids
    expires: int
    """Seconds to ask for; a 423 raises it."""
    call_id: str = field(default="", init=False)
    realm: str = field(default="", init=False)
    """Realm of the challenge that was answered last."""
    sent: Request | None = field(default=None, init=False)
    """The one whose answer counts."""
    _seq: int = field(default=0, init=False)
    _count: int = field(default=0, init=False)
    _challenge: int = field(default=401, init=False)
    _is_plain: bool = field(default=False, init=False)

    @property
    def is_loop(self) -> bool:
        """Whether this try has taken as many REGISTERs as it may."""
        return self._count >= MOST_REQUESTS

    def begin(self, flow: Flow, *, expires: int, authorization: str = "") -> Request:
        """Build the first REGISTER of a try; `authorization` answers the last challenge, in the field for that."""
        if not self.call_id:
            self.call_id = self.ids.hex(24)
        self._seq += 1
        self._count = 1
        headers = Headers()
        branch = COOKIE + self.ids.hex(24)
        headers.append("via", f"SIP/2.0/{flow.transport.via} {flow.local};rport;branch={branch}")
        headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
        headers.append("from", f"<{self.account.aor}>;tag={self.ids.hex(12)}")
        headers.append("to", f"<{self.account.aor}>")
        headers.append("call-id", self.call_id)
        headers.append("cseq", f"{self._seq} {REGISTER}")
        headers.append("contact", f"<{self.account.contact}>")
        if not self._is_plain:
            headers.append("supported", PATH)
        headers.append("expires", str(expires))
        if authorization:
            headers.append(_CREDENTIALS[self._challenge], authorization)
        self.sent = Request(headers, method=REGISTER, uri=self.account.registrar)
        return self.sent

    def again(self, response: Response, answer: Answer) -> Request | None:
        """Build the REGISTER that mends what the PBX did not like about the last one; None when there is none."""
        if response.status in _CHALLENGES:
            self._challenge = response.status
        made = None if self.sent is None or self.is_loop else self._mended(self.sent, response, answer)
        if made is not None:
            self.sent, self._seq = made, made.cseq.number
            self._count += 1
        return made

    def _mended(self, sent: Request, response: Response, answer: Answer) -> Request | None:
        asked = asked_for(sent)
        match answer:
            case Challenged() if self.account.login is not None:
                made = retry(sent, self._in_realm(response), self.account.login, self.ids)
                if made is not None:
                    self.realm = _answered_realm(made, _CREDENTIALS[response.status])
                return made
            case BadExtension() if not self._is_plain:
                self._is_plain = True
            case TooBrief(least) if 0 < asked < least <= LONGEST_EXPIRES:
                self.expires = least
            case _:
                return None
        return self._rewritten(sent)

    def _rewritten(self, sent: Request) -> Request:
        made = sent.copy()
        headers = made.headers
        headers.replace_first("via", str(sent.via).replace(sent.via.branch, COOKIE + self.ids.hex(24)))
        headers.set("cseq", f"{sent.cseq.number + 1} {REGISTER}")
        if self._is_plain:
            headers.remove("supported")
        if asked_for(sent):
            headers.set("expires", str(self.expires))
        if self.account.login is not None:
            # Sent twice they would be a replay (RFC 7616 section 3.4, nc). The phone's own cannot be made anew.
            headers.remove(*_CREDENTIALS.values())
        return made

    def _in_realm(self, response: Response) -> Response:
        if not self.account.realm:
            return response
        key = _CHALLENGES[response.status]
        own = response.copy()
        own.headers.remove(key)
        for text in response.headers.texts(key):
            if _realm_of(text) == self.account.realm:
                own.headers.append(key, text)
        return own


def asked_for(sent: Request) -> int:
    """Return the seconds that a REGISTER of ours asks for."""
    return int(sent.headers.get("expires") or 0)


def has_credentials(sent: Request) -> bool:
    """Tell whether a REGISTER answers a challenge."""
    return any(key in sent.headers for key in _CREDENTIALS.values())


def _answered_realm(request: Request, key: str) -> str:
    credentials = parse_credentials(request.headers.texts(key)[-1])
    return credentials.realm if credentials else ""


def _realm_of(text: str) -> str | None:
    try:
        challenge = parse_challenge(text)
    except ParseError:
        return None
    return challenge.realm if challenge else None
