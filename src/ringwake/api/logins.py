"""An account's login at its PBX, as the operator gives it and as it is shown: without the password."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ringwake.api.problems import Problem
from ringwake.model.account import PbxLogin
from ringwake.model.tenant import Tenant, Upstream
from ringwake.secret import Secret

Name = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
"""What goes into a header field: a line break would begin another."""


class NewLogin(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The `pbx` of a body."""

    password: Annotated[str, Meta(min_length=1, max_length=255)]
    user: Name = ""
    """Empty: the account's own."""
    realm: Name = ""

    def __repr__(self) -> str:
        return f"NewLogin(user={self.user!r}, password=...)"


def make_login(given: NewLogin, *, user: str, tenant: Tenant | None) -> PbxLogin:
    """Make the login of an account.

    Raises:
        Problem: 422, its tenant keeps none.
    """
    if not keeps_logins(tenant):
        domain = "its tenant" if tenant is None else tenant.domain
        raise Problem(422, f'{domain} keeps no passwords of a PBX: that is for upstream = "vault"')
    return PbxLogin(user=given.user or user, password=Secret(given.password), realm=given.realm)


def keeps_logins(tenant: Tenant | None) -> bool:
    """Tell whether we answer at the PBX for a tenant's accounts."""
    return tenant is not None and tenant.upstream is Upstream.VAULT


def shown_login(login: PbxLogin | None) -> dict[str, object]:
    """Return what is shown of an account's login: nothing when there is none."""
    return {} if login is None else {"pbx": {"user": login.user, "set": True}}
