"""From the `[[tenant]]` tables to tenants and their accounts."""

from __future__ import annotations

from pathlib import Path

from ringwake.config.schema import AccountSection, Config, TenantSection
from ringwake.model.account import Account, Aor, PbxLogin
from ringwake.model.tenant import PbxAnswers, Tenant, Upstream, WhileWaking
from ringwake.model.token_claims import TokenClaims
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1

_WHILE_WAKING = {
    "trying": WhileWaking.TRYING,
    "ringing": WhileWaking.RINGING,
    "queued": WhileWaking.QUEUED,
    "progress": WhileWaking.PROGRESS,
}


def tenants_of(config: Config) -> list[Tenant]:
    """Return the tenants of a configuration."""
    return [_tenant(section) for section in config.tenant]


def _tenant(section: TenantSection) -> Tenant:
    return Tenant(
        domain=section.domain.lower(),
        upstream=Upstream(section.upstream),
        pbx=section.pbx,
        pbx_expires=section.pbx_expires,
        pbx_answers=PbxAnswers(section.pbx_answers),
        while_waking=_WHILE_WAKING[section.while_waking],
        no_wake=section.no_wake,
        redirects=section.no_wake_by == "redirect",
        relays_media=section.media == "relay",
        token_claims=TokenClaims(section.token_claims),
    )


def pbx_authorities(config: Config, base: Path) -> dict[str, Path]:
    """Return the files with the authorities of PBXs, by domain; relative paths begin at `base`."""
    return {tenant.domain.lower(): base / tenant.pbx_ca_file for tenant in config.tenant if tenant.pbx_ca_file}


def fixed_accounts(config: Config) -> list[Account]:
    """Return the accounts of the configuration file; of their passwords here only hashes remain."""
    return [
        Account(
            aor=Aor(f"{account.user}@{tenant.domain.lower()}"),
            tenant=tenant.domain.lower(),
            ha1_md5=Secret(ha1(Algorithm.MD5, account.user, tenant.domain.lower(), account.password)),
            ha1_sha256=Secret(ha1(Algorithm.SHA256, account.user, tenant.domain.lower(), account.password)),
            pbx=_pbx_login(tenant, account),
        )
        for tenant in config.tenant
        for account in tenant.account
    ]


def _pbx_login(tenant: TenantSection, account: AccountSection) -> PbxLogin | None:
    """Return the login at the PBX; the phone's own, where no other is given."""
    if tenant.upstream != "vault":
        return None
    return PbxLogin(user=account.pbx_user or account.user, password=Secret(account.pbx_password or account.password))
