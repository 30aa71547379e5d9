"""What an account is at its PBX."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.model.account import Aor
from ringwake.model.tenant import Tenant, Upstream
from ringwake.proxy.contact_user import contact_user
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.uri import escape_user
from ringwake.ua.identity import Identity
from ringwake.ua.upstream_request import PbxAccount


def pbx_account(core: Core, tenant: Tenant, aor: Aor, flow: Flow) -> PbxAccount:
    """Return it, as the PBX at the other end of a flow is to know it now."""
    account = core.directory.account(aor)
    login = account.pbx if account is not None and tenant.upstream is Upstream.VAULT else None
    transport = flow.transport.value if flow.transport is Transport.TLS else flow.transport.uri_parameter
    return PbxAccount(
        aor=_uri(aor),
        registrar=f"sip:{tenant.domain}",
        contact=f"sip:{contact_user(aor, core.seal)}@{flow.local};transport={transport}",
        login=Identity(user=login.user, domain=tenant.domain, password=login.password) if login else None,
        realm=login.realm if login else "",
    )


def _uri(aor: Aor) -> str:
    """Write an address of record, whose user part may be whatever a stranger has written with escapes."""
    user, at, domain = aor.rpartition("@")
    return f"sip:{escape_user(user)}{at}{domain}"
