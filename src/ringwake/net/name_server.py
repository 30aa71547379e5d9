"""The domain name system by way of dnspython: implements `resolver.Dns`."""

from __future__ import annotations

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdatatype import RdataType
from dns.resolver import Answer

from ringwake.net.resolver import Naptr, ResolveError, Srv

LIFETIME_SECONDS = 5.0
"""For one question, with all its repeats."""


class NameServer:
    """Asks the system's name servers; answers are kept as long as they say."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        """Use the system's configuration, or a resolver with its own.

        Raises:
            ResolveError: the system names no server.
        """
        try:
            self._resolver = resolver or dns.asyncresolver.Resolver()
        except dns.exception.DNSException as error:
            raise ResolveError(f"no name server is configured: {error}") from None
        self._resolver.lifetime = LIFETIME_SECONDS
        self._resolver.cache = dns.resolver.LRUCache()

    async def naptr(self, name: str) -> list[Naptr]:
        """Return the NAPTR records that lead to SRV records (flag `s`)."""
        answer = await self._ask(name, RdataType.NAPTR)
        return [
            Naptr(r.order, r.preference, r.service.decode("ascii", "replace"), r.replacement.to_text())
            for r in answer or ()
            if r.flags.lower() == b"s"
        ]

    async def srv(self, name: str) -> list[Srv]:
        """Return the SRV records."""
        answer = await self._ask(name, RdataType.SRV)
        return [Srv(r.priority, r.weight, r.port, r.target.to_text()) for r in answer or ()]

    async def addresses(self, name: str) -> list[str]:
        """Return A before AAAA: a phone's network without IPv6 is still the commoner one."""
        kinds = (RdataType.A, RdataType.AAAA)
        return [r.address for kind in kinds for r in await self._ask(name, kind) or ()]

    async def _ask(self, name: str, kind: RdataType) -> Answer | None:
        try:
            return await self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return None
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise ResolveError(f"{name}: {kind.name} was not answered ({type(error).__name__})") from None
