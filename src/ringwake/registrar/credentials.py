"""Who is asking: digest challenges and their answers (RFC 3261 section 22, RFC 7616, RFC 8760).

Nonces are stateless: sealed time stamps, so that they stay good over a restart. What is kept is which counts of a
nonce have been used, until it expires.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from hmac import compare_digest

from ringwake.model.account import Account
from ringwake.model.ports import Ids, Seal
from ringwake.sip.digest import Algorithm, Challenge, Credentials, parse_credentials
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import encode
from ringwake.sip.message import Request

NONCE_SECONDS = 300.0
"""How long a nonce may be used."""
MAX_NONCES = 200_000
"""Nonces whose counts are kept; the oldest goes first, and can then not be used again at all."""
_WINDOW = 64
_NC = re.compile(r"[0-9A-Fa-f]{8}")
_FUTURE_SECONDS = 60.0


class Verdict(Enum):
    """What the credentials of a request are worth."""

    RIGHT = "right"
    NONE = "none"
    """None for our realm: challenge."""
    STALE = "stale"
    """The nonce is over or its count was used: challenge again, and the phone need not ask its user."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Authentication:
    """The verdict, and the account if it is right."""

    verdict: Verdict
    account: Account | None = None


class Authenticator:
    """Makes challenges and checks the answers, for all realms."""

    def __init__(
        self,
        *,
        seal: Seal,
        ids: Ids,
        algorithms: Sequence[Algorithm] = tuple(Algorithm),
        nonce_seconds: float = NONCE_SECONDS,
    ) -> None:
        """Make an authenticator.

        Args:
            seal: makes nonces that nobody else can make.
            ids: makes them different.
            algorithms: what is offered, in this order; answers by others prove nothing (RFC 8760 section 3).
            nonce_seconds: how long a nonce may be used.
        """
        self._algorithms = tuple(algorithms)
        self._seal = seal
        self._ids = ids
        self._nonce_seconds = nonce_seconds
        self._used: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Nonce to (highest count, bits of those below it)."""
        self._forgotten_until = 0.0
        """Nonces made before this are no longer good: their counts had to be dropped."""

    def challenges(self, realm: str, wall: float, *, is_stale: bool) -> list[str]:
        """Return challenge values, the preferred algorithm first (RFC 8760 section 2.3)."""
        nonce = self._seal.seal("nonce", f"{wall:.3f} {self._ids.hex(8)}".encode())
        return [
            str(Challenge(realm=realm, nonce=nonce, algorithm=algorithm, stale=is_stale))
            for algorithm in self._algorithms
        ]

    def check(
        self, request: Request, key: str, realm: str, *, find: Callable[[str], Account | None], wall: float
    ) -> Authentication:
        """Check a request's credentials for a realm.

        Args:
            request: as it came.
            key: `authorization` or `proxy-authorization`.
            realm: ours; credentials for others are ignored.
            find: from a digest user name to the account.
            wall: epoch seconds.

        Raises:
            ParseError: the credentials for our realm are malformed.
        """
        given = self._for_realm(request, key, realm)
        if given is None:
            return Authentication(Verdict.NONE)
        made_at = self._made_at(given.nonce)
        is_fresh = made_at is not None and self._is_current(made_at, wall)
        account = find(given.username)
        # The same work for an account that does not exist, so that names cannot be told by time (reliability S7).
        secret = _ha1(account, given) if account else "0" * 32
        is_right = compare_digest(encode(given.expected(secret, request.method)), encode(given.response))
        if not is_right or account is None:
            return Authentication(Verdict.WRONG)
        if not is_fresh or not self._take(given):
            return Authentication(Verdict.STALE)
        return Authentication(Verdict.RIGHT, account)

    def _for_realm(self, request: Request, key: str, realm: str) -> Credentials | None:
        """Return the first credentials for our realm with an algorithm of ours."""
        for text in request.headers.texts(key):
            try:
                given = parse_credentials(text)
            except ParseError:
                continue  # whoever they are for, they prove nothing: the sender is challenged
            if given is None or given.realm.lower() != realm.lower() or given.algorithm not in self._algorithms:
                continue
            if given.qop is not None and not _is_counted(given):
                raise ParseError("digest credentials lack nc or cnonce, or have another qop than auth")
            return given
        return None

    def _made_at(self, nonce: str) -> float | None:
        payload = self._seal.open("nonce", nonce)
        return None if payload is None else float(payload.partition(b" ")[0])

    def _is_current(self, made_at: float, wall: float) -> bool:
        return wall - self._nonce_seconds <= made_at <= wall + _FUTURE_SECONDS and made_at > self._forgotten_until

    def _take(self, given: Credentials) -> bool:
        """Mark a count as used; False when it was, or is too far behind to tell (RFC 7616 section 3.3)."""
        # Without qop there is no count (RFC 2617 peers): such a nonce is good once.
        count = 1 if given.qop is None else int(given.nc or "0", 16)
        highest, bits = self._used.get(given.nonce, (0, 0))
        behind = highest - count
        if count < 1 or behind >= _WINDOW or (behind >= 0 and bits >> behind & 1):
            return False
        # A count may leap by billions; no more than the window is shifted.
        bits = (bits << min(-behind, _WINDOW) | 1) if behind < 0 else bits | 1 << behind
        self._used[given.nonce] = (max(highest, count), bits & (1 << _WINDOW) - 1)
        while len(self._used) > MAX_NONCES:
            oldest, _ = self._used.popitem(last=False)
            self._forgotten_until = max(self._forgotten_until, self._made_at(oldest) or 0.0)
        return True


def _is_counted(given: Credentials) -> bool:
    return given.qop == "auth" and _NC.fullmatch(given.nc or "") is not None and bool(given.cnonce)


def _ha1(account: Account, given: Credentials) -> str:
    secret = account.ha1_md5 if given.algorithm is Algorithm.MD5 else account.ha1_sha256
    return secret.reveal()
