"""Which calls are relayed, and how the next side is likely to want its media."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ringwake.edge.core import Core
from ringwake.model.media import BROWSER, PLAIN, Manner
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Request
from ringwake.sip.uri import parse_uri


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRules:
    """What the gate asks the rest of the server."""

    relays: Callable[[Request, Flow], bool]
    """Whether a request that came down a flow, or is to go down it, belongs to a tenant whose media is relayed."""
    is_pbx: Callable[[Flow], bool]
    """Whether a flow leads to a PBX, which gets plain RTP."""
    trace: Callable[[Request], str]
    """The short id of a request's call."""

    def guess(self, flow: Flow) -> Manner | None:
        """Tell how media is wanted where a flow leads: who speaks SIP over WebSocket is a browser (RFC 7118)."""
        if self.is_pbx(flow):
            return PLAIN
        return BROWSER if flow.transport in (Transport.WS, Transport.WSS) else None


def rules_of(core: Core) -> MediaRules:
    """Return the rules of a server: a call is relayed if its PBX's tenant, its caller's or its callee's has it so."""

    def relays(request: Request, flow: Flow) -> bool:
        names = (core.trunks.tenant_of(flow), *_domains(request))
        tenants = (core.directory.tenant(name) for name in names if name)
        return any(tenant is not None and tenant.relays_media for tenant in tenants)

    return MediaRules(relays=relays, is_pbx=lambda flow: bool(core.trunks.tenant_of(flow)), trace=core.trace)


def _domains(request: Request) -> Iterator[str]:
    """Return the domains that a request names; a part that cannot be read names none."""
    with contextlib.suppress(ParseError):
        yield parse_uri(request.uri).host.lower()
    for key in ("to", "from"):
        try:
            yield address(request.headers, key).sip_uri.host.lower()
        except ParseError:
            continue
