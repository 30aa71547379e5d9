"""One place from which a server is probed: sockets that are callers and phones, and facts about what they hear.

A fact is a name and a plain value, the same for two servers that behave the same: addresses, tags and nonces are left
out or named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from tests.support.digest import credentials
from tests.support.loopback import leased_address
from tests.support.wire import Wire

from ringwake.sip.address import parse_address
from ringwake.sip.message import Request, Response

Facts: TypeAlias = dict[str, object]
PASSWORD = "secret"
_TELLING = ("unsupported", "min-expires", "retry-after")


@dataclass
class Station:
    """A server, an account that nobody has used, and sockets that close in the end."""

    server: str
    domain: str
    account: str
    _stack: ExitStack
    password: str = PASSWORD
    transport: str = "udp"

    def wire(self) -> Wire:
        """Open a socket on an address of its own."""
        address = self._stack.enter_context(leased_address())
        return self._stack.enter_context(Wire(address, self.server, domain=self.domain, transport=self.transport))

    @property
    def aor(self) -> str:
        """The account's address of record."""
        return f"sip:{self.account}@{self.domain}"

    def register(self, wire: Wire, *fields: str, without: tuple[str, ...] = (), account: str = "") -> Response | None:
        """Send a REGISTER with good credentials and return what comes of it."""
        aor = f"<sip:{account or self.account}@{self.domain}>"
        uri = f"sip:{self.domain}"
        own = [f"Contact: {self.contact(wire)}", f"From: {aor};tag=1", f"To: {aor}"]
        taken = {field.partition(":")[0].lower() for field in fields} | set(without)
        own = [field for field in own if field.partition(":")[0].lower() not in taken]
        asked = wire.ask(wire.write("REGISTER", uri, *own, *fields, without=without))
        if asked is None or asked.status != 401:
            return asked
        challenges = asked.headers.texts("www-authenticate")
        signed = credentials(challenges, user=self.account, password=self.password, method="REGISTER", uri=uri)
        return wire.ask(wire.write("REGISTER", uri, f"Authorization: {signed}", *own, *fields, without=without))

    def contact(self, wire: Wire) -> str:
        """Return the Contact of the account at a socket."""
        return wire.contact(self.account)

    def phone(self, *fields: str) -> Wire:
        """Open a socket that is a registered phone of the account."""
        wire = self.wire()
        registered = self.register(wire, *fields)
        assert registered is not None
        assert registered.status == 200
        return wire


@contextmanager
def station(
    server: str, domain: str, account: str, *, password: str = PASSWORD, transport: str = "udp"
) -> Iterator[Station]:
    """Open a station."""
    with ExitStack() as stack:
        yield Station(server, domain, account, stack, password, transport)


def answer(response: Response | None, *keys: str, **more: object) -> Facts:
    """Return what a caller is told by a response, `keys` being further fields that count; status None is silence."""
    if response is None:
        return {"status": None, **more}
    headers = response.headers
    told = {key: ", ".join(sorted(headers.values(key))) for key in (*_TELLING, *keys) if key in headers}
    return {"status": response.status, **told, **more}


def bindings(response: Response | None, **names: Wire) -> Facts:
    """Return what a response to a REGISTER says about the bindings."""
    if response is None or response.status != 200:
        return answer(response)
    found = sorted(_binding(value, names) for value in response.headers.values("contact"))
    return answer(response, bindings=", ".join(found))


def _binding(value: str, names: dict[str, Wire]) -> str:
    contact = parse_address(value)
    known = {f"{wire.host}:{wire.port}": name for name, wire in names.items()}
    uri = contact.sip_uri
    where = known.get(f"{uri.host}:{uri.port}", uri.host)
    # A second may have passed since it was granted.
    expires = -(-int(contact.params.get("expires") or 0) // 10) * 10
    q = contact.params.get("q")
    return f"{where} for {expires}" + (f" q={float(q):g}" if q else "")


def forwarded(request: Request | None) -> Facts:
    """Return what a phone sees of a request."""
    if request is None:
        return {"arrived": False}
    return {
        "arrived": True,
        "method": request.method,
        "hops left": request.headers.get("max-forwards"),
        "vias": len(request.headers.values("via")),
        "record-route": bool(request.headers.values("record-route")),
        "route": bool(request.headers.values("route")),
    }
