"""Reading the configuration: TOML to values, and every rule that types cannot express, each with its mend."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec

from ringwake.config.schema import AppSection, Config, ListenSection

_AT = re.compile(r" - at `(?:key in )?\$?\.?([^`]*)`$")
_DAY = 86400.0
_SECURE = ("tls", "wss")
_APNS_PARAM = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.\-]+")


class ConfigError(Exception):
    """The configuration is wrong. The text names the file, the place and the mend, in one line."""


@dataclass(frozen=True, slots=True)
class HostPort:
    """A numeric address to listen on."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: with file, place and mend.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    try:
        return parse(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse(text: str) -> Config:
    """Read and check the text of a configuration file.

    Raises:
        ConfigError: with place and mend.
    """
    try:
        config = msgspec.convert(tomllib.loads(text), Config)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(_placed(str(error))) from None
    except RecursionError:
        raise ConfigError("nested too deeply") from None
    _check(config)
    return config


def host_port(text: str, place: str) -> HostPort:
    """Read `host:port` with a numeric host, IPv6 in brackets.

    Raises:
        ConfigError: it is not of that form.
    """
    host, colon, port = text.rpartition(":")
    try:
        ip_address(host.strip("[]"))
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError:
        number = -1
    if not colon or not 0 <= number <= 65535 or (":" in host and not host.startswith("[")):
        raise ConfigError(f'{place}: not host:port with a numeric host: write it like "127.0.0.1:5060" or "[::1]:5060"')
    return HostPort(host.strip("[]"), number)


def _placed(message: str) -> str:
    """Turn msgspec's "what - at `$.place`" into "place: what"."""
    found = _AT.search(message)
    what = message[: found.start()] if found else message
    place = f"{found[1]}: " if found and found[1] else ""
    unknown = re.search(r"unknown field `([^`]*)`", what)
    mend = f" (remove `{unknown[1]}`, or see docs/reference/config.md for its name)" if unknown else ""
    return f"{place}{what[:1].lower()}{what[1:]}{mend}"


def _check(config: Config) -> None:
    _check_server(config)
    _check_wake(config)
    for number, listen in enumerate(config.listen):
        _check_listen(listen, f"listen[{number}]", lab=config.server.lab)
    domains = [tenant.domain.lower() for tenant in config.tenant]
    for number, tenant in enumerate(config.tenant):
        if domains.index(tenant.domain.lower()) != number:
            raise ConfigError(f"tenant[{number}].domain: {tenant.domain} stands twice: merge the two tables")
        if tenant.upstream != "none":
            raise ConfigError(
                f'tenant[{number}].upstream: "{tenant.upstream}" is not built yet: write "none" (ringwake is the PBX)'
            )
    for number, peer in enumerate(config.peer):
        try:
            ip_network(peer.address, strict=False)
        except ValueError:
            raise ConfigError(
                f'peer[{number}].address: no address or network: write it like "10.0.0.5" or "10.0.0.0/24"'
            ) from None
    _check_apps(config, domains)


def _check_server(config: Config) -> None:
    if not host_port(config.server.http, "server.http").is_loopback:
        raise ConfigError(
            "server.http: the operator's API must stay on loopback: use 127.0.0.1, and a reverse proxy with its own "
            "access control if it must be reached from elsewhere"
        )
    public = config.public
    if public is not None:
        address = host_port(public.listen, "public.listen")
        if bool(public.certificate) != bool(public.key):
            raise ConfigError("public: certificate and key belong together: give both")
        if not public.certificate and not (config.server.lab and address.is_loopback):
            raise ConfigError("public.certificate: phones send credentials there: give certificate and key")


def _check_wake(config: Config) -> None:
    wake = config.wake
    if wake.wake_timeout + wake.ring_timeout >= 180:
        raise ConfigError(
            "wake: wake_timeout and ring_timeout together must stay under 180 seconds, or the caller's proxy gives up "
            "first (RFC 3261 timer C): lower one of them"
        )
    if wake.grant < _DAY and not config.server.lab:
        raise ConfigError(
            "wake.grant: under 86400 seconds a sleeping phone is lost before a silent push gets through: raise it, or "
            "set server.lab = true for tests"
        )
    if not wake.refresh_lead < wake.refresh_every <= wake.grant:
        raise ConfigError("wake: refresh_lead < refresh_every <= grant must hold: change one of the three")


def _check_listen(listen: ListenSection, place: str, *, lab: bool) -> None:
    address = host_port(listen.address, f"{place}.address")
    if lab and not address.is_loopback:
        raise ConfigError(f"{place}.address: server.lab allows loopback only: use 127.0.0.1, or set lab = false")
    if ip_address(address.host).is_unspecified and not listen.advertise:
        raise ConfigError(
            f"{place}.advertise: {address.host} is every address and none: say by which host others reach this listener"
        )
    if listen.transport in _SECURE and not (listen.certificate and listen.key):
        raise ConfigError(f"{place}.certificate: {listen.transport} needs certificate and key: give both files")
    if listen.transport not in _SECURE and (listen.certificate or listen.key):
        raise ConfigError(f"{place}.certificate: {listen.transport} has no use for it: remove it, or use tls or wss")
    if listen.origins and listen.transport not in ("ws", "wss"):
        raise ConfigError(f"{place}.origins: only ws and wss have origins: remove it")


def _check_apps(config: Config, domains: list[str]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, app in enumerate(config.app):
        place = f"app[{number}]"
        if app.tenant.lower() not in domains:
            raise ConfigError(f'{place}.tenant: there is no tenant "{app.tenant}": add [[tenant]] with that domain')
        _check_app(app, place)
        key = (app.provider, app.param or app.tenant.lower())
        if key in seen:
            raise ConfigError(f"{place}: the same application as app[{seen[key]}]: it belongs to one tenant only")
        seen[key] = number


def _check_app(app: AppSection, place: str) -> None:
    wanted = {
        "apns": ("param", "key_file", "key_id"),
        "fcm": ("param", "service_account"),
        "webpush": ("vapid_key_file",),
    }
    for name in wanted[app.provider]:
        if not getattr(app, name):
            raise ConfigError(f"{place}.{name}: {app.provider} needs it")
    if app.provider == "webpush" and app.param:
        raise ConfigError(f"{place}.param: Web Push has none (RFC 8599 section 12): remove it")
    if app.provider == "apns" and _APNS_PARAM.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: not TEAMID.bundle: write it like "AB12CD34EF.com.example.phone"')
    if app.provider == "apns" and app.param.rpartition(".")[2] == "voip":
        raise ConfigError(f"{place}.param: leave .voip away: the phone adds it")
    if app.endpoint and not app.endpoint.startswith("https://"):
        raise ConfigError(f"{place}.endpoint: not https")
