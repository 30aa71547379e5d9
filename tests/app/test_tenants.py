"""From the `[[tenant]]` tables to tenants and their accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ringwake.app.tenants import fixed_accounts, pbx_authorities, tenants_of
from ringwake.config.schema import AccountSection, Config, TenantSection
from ringwake.model.tenant import PbxAnswers, Tenant, Upstream, WhileWaking
from ringwake.model.token_claims import TokenClaims
from ringwake.sip.digest import Algorithm, ha1


def config(**fields: Any) -> Config:
    return Config(tenant=[TenantSection(domain="Example.COM", **fields)])


def tenant(**fields: Any) -> Tenant:
    (made,) = tenants_of(config(**fields))
    return made


def test_a_tenant_of_its_own_has_no_pbx() -> None:
    assert tenant() == Tenant(domain="example.com")


def test_all_that_a_table_says_of_a_tenant_is_in_it() -> None:
    made = tenant(
        upstream="vault",
        pbx="sip:10.0.0.5;transport=tcp",
        pbx_expires=600,
        pbx_answers="never",
        while_waking="queued",
        no_wake="sip:500@example.com",
        no_wake_by="redirect",
        media="relay",
        token_claims="challenge",
    )
    assert made == Tenant(
        domain="example.com",
        upstream=Upstream.VAULT,
        pbx="sip:10.0.0.5;transport=tcp",
        pbx_expires=600,
        pbx_answers=PbxAnswers.NEVER,
        while_waking=WhileWaking.QUEUED,
        no_wake="sip:500@example.com",
        redirects=True,
        relays_media=True,
        token_claims=TokenClaims.CHALLENGE,
    )


@pytest.mark.parametrize("claims", TokenClaims)
def test_each_policy_on_tokens_has_its_name(claims: TokenClaims) -> None:
    assert tenant(token_claims=claims.value).token_claims is claims


@pytest.mark.parametrize("upstream", Upstream)
def test_each_mode_has_its_name(upstream: Upstream) -> None:
    assert tenant(upstream=upstream.value).upstream is upstream


@pytest.mark.parametrize(("name", "status"), [("trying", 100), ("ringing", 180), ("queued", 182), ("progress", 183)])
def test_what_a_caller_hears_is_a_status(name: str, status: int) -> None:
    assert tenant(while_waking=name).while_waking.value == status


def test_of_passwords_only_hashes_remain() -> None:
    (account,) = fixed_accounts(config(account=[AccountSection(user="alice", password="secret")]))
    assert (account.aor, account.tenant, account.pbx) == ("alice@example.com", "example.com", None)
    for algorithm, hashed in ((Algorithm.MD5, account.ha1_md5), (Algorithm.SHA256, account.ha1_sha256)):
        assert hashed.reveal() == ha1(algorithm, "alice", "example.com", "secret")
    assert "secret" not in repr(account)


@pytest.mark.parametrize("upstream", ["none", "path", "contact"])
def test_nobody_but_a_vault_keeps_a_login(upstream: str) -> None:
    (account,) = fixed_accounts(config(upstream=upstream, account=[AccountSection(user="alice", password="secret")]))
    assert account.pbx is None


@pytest.mark.parametrize(
    ("more", "user", "password"),
    [
        ({}, "alice", "secret"),
        ({"pbx_user": "1001"}, "1001", "secret"),
        ({"pbx_password": "other"}, "alice", "other"),
        ({"pbx_user": "1001", "pbx_password": "other"}, "1001", "other"),
    ],
)
def test_the_login_in_a_vault_is_the_phones_own_where_no_other_is_given(
    more: dict[str, str], user: str, password: str
) -> None:
    (account,) = fixed_accounts(
        config(upstream="vault", account=[AccountSection(user="alice", password="secret", **more)])
    )
    assert account.pbx is not None
    assert (account.pbx.user, account.pbx.password.reveal(), account.pbx.realm) == (user, password, "")
    assert password not in repr(account)


def test_the_authorities_of_a_pbx_are_found_from_the_configuration_file() -> None:
    made = Config(
        tenant=[
            TenantSection(domain="Example.COM", pbx_ca_file="ca.pem"),
            TenantSection(domain="example.net", pbx_ca_file="/etc/ca.pem"),
            TenantSection(domain="example.org"),
        ]
    )
    assert pbx_authorities(made, Path("/etc/ringwake")) == {
        "example.com": Path("/etc/ringwake/ca.pem"),
        "example.net": Path("/etc/ca.pem"),
    }
