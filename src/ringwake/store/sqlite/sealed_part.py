"""The part of a row that nobody may read at rest.

Push tokens and keys, HA1s and logins, and the octets of INVITE and MESSAGE, which carry tokens and what people say to
each other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

import msgspec

from ringwake.model.account import Account, PbxLogin
from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.push import PushTarget, Service, SubscriptionKeys
from ringwake.model.settings import Settings
from ringwake.model.upload import Upload
from ringwake.secret import Secret, Token
from ringwake.store.rows import Choice, Letter, Line, Subscription, Used, Value
from ringwake.store.sqlite.text import parse, write


class SealedPush(msgspec.Struct, omit_defaults=True):
    """A push target."""

    provider: Provider
    param: str
    tokens: tuple[tuple[Service, str], ...]
    p256dh: bytes = b""
    auth: bytes = b""


class SealedLogin(msgspec.Struct, omit_defaults=True):
    """An account's login at its PBX."""

    user: str
    password: str
    realm: str = ""

    @classmethod
    def of(cls, login: PbxLogin | None) -> SealedLogin | None:
        """Return the sealed part; None for an account without one."""
        return None if login is None else cls(login.user, login.password.reveal(), login.realm)

    def value(self, heard_at: float) -> PbxLogin:
        """Join it with the open part."""
        return PbxLogin(user=self.user, password=Secret(self.password), realm=self.realm, heard_at=heard_at)

    def __repr__(self) -> str:
        return "SealedLogin(...)"


class SealedAccount(msgspec.Struct, omit_defaults=True):
    """An account's HA1s and login."""

    md5: str
    sha256: str
    pbx: SealedLogin | None = None


class SealedPeer(msgspec.Struct, omit_defaults=True):
    """Who has called or written."""

    uri: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return "SealedPeer(...)"


def sealed_part(value: Value) -> bytes:
    """Return what is to be sealed; empty for nothing."""
    match value:
        case Binding():
            return b"" if value.push is None else _write_push(value.push)
        case Subscription():
            return value.keys.auth.reveal()
        case CallRecord():
            return value.invite
        case Letter():
            return value.message.message
        case Upload():
            return _write_push(value.push)
        case Line():
            return write(SealedPeer(value.entry.peer_uri, value.entry.peer_name))
        case Choice():
            return write(value.settings)
        case Used():
            return b""
        case Account():
            return write(SealedAccount(value.ha1_md5.reveal(), value.ha1_sha256.reveal(), SealedLogin.of(value.pbx)))
        case _:
            assert_never(value)


def is_same(before: Value, after: Value) -> bool:
    """Tell whether the sealed part stays as it is from one value of a row to the next: in a refresh it does."""
    match before, after:
        case Binding(), Binding():
            return before.push == after.push
        case CallRecord(), CallRecord():
            return before.invite == after.invite
        case Letter(), Letter():
            return before.message.message == after.message.message
        case Line(), Line():
            peer = (before.entry.peer_uri, before.entry.peer_name)
            return peer == (after.entry.peer_uri, after.entry.peer_name)
        case Account(), Account():
            return sealed_part(before) == sealed_part(after)
        case _:
            return False


def read_push(payload: bytes) -> PushTarget | None:
    """Read a binding's sealed part."""
    if not payload:
        return None
    known = parse(payload, SealedPush)
    app = _app(known.provider, known.param)
    keys = SubscriptionKeys(known.p256dh, Secret(known.auth)) if known.p256dh else None
    tokens = tuple(
        (service, Token(provider=app.provider.value, app=app.param, value=value)) for service, value in known.tokens
    )
    return PushTarget(app=app, tokens=tokens, keys=keys)


def read_peer(payload: bytes) -> SealedPeer:
    """Read the sealed part of an entry of the history."""
    return parse(payload, SealedPeer)


def read_settings(payload: bytes) -> Settings:
    """Read the sealed part of settings."""
    return parse(payload, Settings)


def read_account(payload: bytes) -> SealedAccount:
    """Read an account's sealed part."""
    return parse(payload, SealedAccount)


@lru_cache(maxsize=256)
def _app(provider: Provider, param: str) -> AppKey:
    """Return one value for all phones of an application."""
    return AppKey(provider, param)


def _write_push(push: PushTarget) -> bytes:
    known = SealedPush(
        provider=push.app.provider,
        param=push.app.param,
        tokens=tuple((service, token.reveal()) for service, token in push.tokens),
    )
    if push.keys is not None:
        known.p256dh, known.auth = push.keys.p256dh, push.keys.auth.reveal()
    return write(known)
