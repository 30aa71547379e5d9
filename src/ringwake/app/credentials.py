"""Key files of the `[[app]]` tables: read, and checked for who else may read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ringwake.config.app_section import AppSection
from ringwake.config.load import ConfigError
from ringwake.push.access import Access, ApnsAccess, FcmAccess, HmsAccess, HookAccess, WebPushAccess
from ringwake.push.apns.client import ENDPOINT, SANDBOX
from ringwake.push.transport.endpoint import ANY_SERVICE, SERVICES
from ringwake.secret import Secret

_OTHERS = 0o077
_PRIVATE = b"PRIVATE KEY-----"
"""How the first line of every private key in PEM ends (RFC 7468)."""
# The settings that name files.
_FILES = ("key_file", "service_account", "vapid_key_file", "secret_file", "ca_file", "client_certificate", "client_key")


def files_of(section: AppSection, base: Path) -> list[Path]:
    """Return the files that an application's credentials stand in."""
    return [base / name for key in _FILES if (name := getattr(section, key))]


def access_of(section: AppSection, base: Path, place: str, *, lab: bool) -> Access:
    """Read what one application needs to push.

    Args:
        section: of the configuration.
        base: where relative paths begin.
        place: how errors name the section.
        lab: whether push services may have private addresses.

    Raises:
        ConfigError: a key file cannot be used; with place and mend.
    """
    files = _Files(section, base, place)
    reach: dict[str, Any] = {
        "ca_file": base / section.ca_file if section.ca_file else None,
        "identity": files.identity(),
        "proxy": Secret(section.proxy) if section.proxy else None,
    }
    match section.provider:
        case "apns":
            return _apns(section, files, reach)
        case "fcm":
            elsewhere: dict[str, Any] = {"endpoint": section.endpoint} if section.endpoint else {}
            return FcmAccess(service_account=files.service_account(), **elsewhere, **reach)
        case "hms":
            for key in ("endpoint", "token_endpoint"):
                if getattr(section, key):
                    reach[key] = getattr(section, key)
            return HmsAccess(secret=Secret(files.line("secret_file")), project=section.project, **reach)
        case "http":
            return HookAccess(endpoint=section.endpoint, secret=Secret(files.line("secret_file").encode()), **reach)
        case _:
            return WebPushAccess(
                vapid_key=Secret(files.read("vapid_key_file")),
                subject=section.subject,
                services=(*(SERVICES if section.provider == "webpush" else ANY_SERVICE), *section.services),
                allow_private=lab,
                **reach,
            )


def _apns(section: AppSection, files: _Files, reach: Mapping[str, Any]) -> ApnsAccess:
    own, other = (SANDBOX, ENDPOINT) if section.sandbox else (ENDPOINT, SANDBOX)
    return ApnsAccess(
        key_id=section.key_id,
        key=Secret(files.read("key_file")) if section.key_file else None,
        endpoint=section.endpoint or own,
        other_endpoint=section.other_endpoint or ("" if section.endpoint else other),
        **reach,
    )


class _Files:
    """The files of one application."""

    def __init__(self, section: AppSection, base: Path, place: str) -> None:
        self._section = section
        self._base = base
        self._place = place

    def read(self, key: str, *, secret: bytes = b"") -> bytes:
        """Return what the file that this setting names holds; if `secret` stands in it, others may not read it."""
        place, path = f"{self._place}.{key}", Path(self._base, getattr(self._section, key))
        try:
            octets, mode = path.read_bytes(), path.stat().st_mode
        except OSError as error:
            raise ConfigError(f"{place}: {path}: {error.strerror}: check its name and who may read it") from None
        if mode & _OTHERS and secret in octets:
            raise ConfigError(f"{place}: others may read {path}: chmod 600 {path}")
        return octets

    def line(self, key: str) -> str:
        """Return the one line that a file holds."""
        try:
            text = self.read(key).decode().strip()
        except UnicodeDecodeError:
            text = ""
        if not text or len(text.splitlines()) > 1:
            raise ConfigError(f"{self._place}.{key}: {getattr(self._section, key)} has not one line of text: mend it")
        return text

    def service_account(self) -> dict[str, str]:
        """Return a service account's key file."""
        try:
            account = json.loads(self.read("service_account"))
        except (ValueError, RecursionError):
            account = None
        if not isinstance(account, dict):
            raise ConfigError(
                f"{self._place}.service_account: {self._section.service_account} is not the JSON file that Google gives"
            )
        return account

    def identity(self) -> Secret[bytes] | None:
        """Return the client certificate and its key; None without one."""
        if not self._section.client_certificate:
            return None
        # Many keep both in one file; a certificate alone may be read by all.
        chain = self.read("client_certificate", secret=_PRIVATE)
        key = self.read("client_key") if self._section.client_key else b""
        return Secret(chain.rstrip() + b"\n" + key)
