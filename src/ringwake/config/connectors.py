"""The rules of `[connectors]` and `[media]`."""

from __future__ import annotations

from ringwake.config.error import ConfigError
from ringwake.config.host_port import host_port
from ringwake.config.schema import Config, ConnectorsSection


def check_connectors(config: Config) -> None:
    """Check them.

    Raises:
        ConfigError: with place and mend.
    """
    if config.connectors is not None:
        _check_listener(config.connectors, lab=config.server.lab)
        if not any(tenant.connector for tenant in config.tenant):
            raise ConfigError("connectors: no tenant has connector = true: set it for the one whose PBX is private")
    if config.media is not None:
        _check_media(config)


def _check_listener(section: ConnectorsSection, *, lab: bool) -> None:
    address = host_port(section.listen, "connectors.listen")
    if bool(section.certificate) != bool(section.key):
        raise ConfigError("connectors: certificate and key belong together: give both")
    if section.client_ca and not section.key:
        raise ConfigError("connectors.client_ca: there are no certificates without TLS: give certificate and key")
    if lab and not address.is_loopback:
        raise ConfigError("connectors.listen: server.lab allows loopback only: use 127.0.0.1, or set lab = false")
    if not section.key and not lab:
        raise ConfigError("connectors.certificate: tokens and calls go there: give certificate and key")


def _check_media(config: Config) -> None:
    assert config.media is not None
    if host_port(config.media.rtpengine, "media.rtpengine").port == 0:
        raise ConfigError('media.rtpengine: port 0 is nobody\'s: write it like "127.0.0.1:22222"')
    if not any(tenant.media == "relay" for tenant in config.tenant):
        raise ConfigError('media: no tenant has media = "relay": set it for the one whose calls are to be relayed')
