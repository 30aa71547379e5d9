"""The rules of `[[tenant]]`: domains, accounts, and how each stands to its PBX."""

from __future__ import annotations

from ringwake.config.error import ConfigError
from ringwake.config.schema import AccountSection, Config, TenantSection
from ringwake.net.resolver import transport_of
from ringwake.sip.errors import SipError
from ringwake.sip.uri import Uri, parse_hostport, parse_uri

_ONLY_IN_FRONT = ("pbx", "pbx_ca_file", "connector", "connector_token_file")


def check_tenants(config: Config) -> None:
    """Check them.

    Raises:
        ConfigError: with place and mend.
    """
    domains: set[str] = set()
    for number, tenant in enumerate(config.tenant):
        place, domain = f"tenant[{number}]", tenant.domain.lower()
        if not _is_domain(domain):
            raise ConfigError(f'{place}.domain: no SIP domain: write it like "example.com", no port, no dot at its end')
        if domain in domains:
            raise ConfigError(f"{place}.domain: {domain} stands twice: merge the two tables")
        domains.add(domain)
        _check_upstream(tenant, place, config)
        _check_no_wake(tenant, place)
        _check_accounts(tenant, place, domain)


def _check_upstream(tenant: TenantSection, place: str, config: Config) -> None:
    if tenant.upstream == "none":
        for name in _ONLY_IN_FRONT:
            if getattr(tenant, name):
                raise ConfigError(f'{place}.{name}: upstream = "none" has no use for it: remove it')
    elif tenant.connector:
        _check_connector(tenant, place, config)
    else:
        _check_pbx(tenant, place, {listen.transport for listen in config.listen})
    if tenant.media == "relay" and config.media is None:
        raise ConfigError(f'{place}.media: there is no relay: add [media] with rtpengine = "127.0.0.1:22222"')


def _check_connector(tenant: TenantSection, place: str, config: Config) -> None:
    if config.connectors is None:
        raise ConfigError(f"{place}.connector: connectors have nowhere to dial in: add [connectors] with listen")
    if not tenant.connector_token_file and not config.connectors.client_ca:
        raise ConfigError(
            f"{place}.connector_token_file: anybody could be this PBX: name a file with a token, or set "
            "connectors.client_ca"
        )
    if tenant.media != "relay":
        raise ConfigError(
            f'{place}.media: nobody can send RTP to a PBX behind a connector: set media = "relay", and add [media] '
            'with rtpengine = "127.0.0.1:22222"'
        )
    if tenant.pbx:
        raise ConfigError(f"{place}.pbx: the connector says where the PBX is (ringwake connect --pbx): remove it")


def _check_pbx(tenant: TenantSection, place: str, transports: set[str]) -> None:
    if tenant.connector_token_file:
        raise ConfigError(f"{place}.connector_token_file: no connector is expected: set connector = true, or remove it")
    uri = _uri(tenant.pbx)
    if uri is None or uri.user or uri.headers:
        raise ConfigError(f'{place}.pbx: no address of a PBX: write it like "sip:10.0.0.5:5060;transport=tcp"')
    try:
        transport = transport_of(uri)
    except OSError as error:
        raise ConfigError(f"{place}.pbx: {error}: use udp, tcp or tls") from None
    if transport.value not in ("udp", "tcp", "tls"):
        raise ConfigError(f"{place}.pbx: no PBX is dialled by {transport.value}: use udp, tcp or tls")
    if transport.value not in transports:
        raise ConfigError(
            f'{place}.pbx: the PBX would have no way back: add a [[listen]] with transport = "{transport.value}" that '
            "it can reach"
        )


def _check_no_wake(tenant: TenantSection, place: str) -> None:
    if not tenant.no_wake:
        return
    uri = _uri(tenant.no_wake)
    if uri is None or not uri.user:
        raise ConfigError(f'{place}.no_wake: no SIP URI of somebody: write it like "sip:500@{tenant.domain}"')
    is_elsewhere = uri.host.lower() != tenant.domain.lower()
    if is_elsewhere and tenant.upstream == "none" and tenant.no_wake_by == "forward":
        raise ConfigError(
            f"{place}.no_wake: there is no PBX to send calls to: name an account of {tenant.domain}, or set "
            'no_wake_by = "redirect"'
        )


def _uri(text: str) -> Uri | None:
    try:
        return parse_uri(text)
    except SipError:
        return None


def _is_domain(text: str) -> bool:
    try:
        _, port = parse_hostport(text)
    except SipError:
        return False
    # A dot at the end is taken off every address of record, so that this domain would never be met.
    return port is None and not text.endswith(".")


def _check_accounts(tenant: TenantSection, place: str, domain: str) -> None:
    users: set[str] = set()
    for number, account in enumerate(tenant.account):
        at = f"{place}.account[{number}].user"
        try:
            uri = parse_uri(f"sip:{account.user}@{domain}")
        except SipError:
            uri = None
        if uri is None or uri.password is not None or uri.aor != f"{account.user}@{domain}":
            raise ConfigError(
                f'{at}: not the user part of a SIP URI: write it like "alice", without domain and escapes'
            )
        _check_login(account, tenant.upstream, f"{place}.account[{number}]")
        if account.user in users:
            raise ConfigError(f"{at}: {account.user} stands twice in {domain}: remove one of the two")
        users.add(account.user)


def _check_login(account: AccountSection, upstream: str, place: str) -> None:
    for name, text in (("pbx_user", account.pbx_user), ("pbx_password", account.pbx_password)):
        if text and upstream != "vault":
            raise ConfigError(f'{place}.{name}: only upstream = "vault" has a use for it: remove it')
        if not text.isprintable():
            raise ConfigError(f"{place}.{name}: a control character is in it: write it without")
