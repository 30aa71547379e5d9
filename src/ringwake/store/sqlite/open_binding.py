"""The part of a binding's row that an operator may read."""

from __future__ import annotations

import msgspec

from ringwake.model.account import Aor
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.push import Kind
from ringwake.model.wakes import NEVER, Wakes
from ringwake.sip.flow import Flow
from ringwake.store.sqlite.sealed_part import read_push


class OpenWakes(msgspec.Struct, omit_defaults=True):
    """How often a phone was woken, and why."""

    at: float
    why: Kind
    call: int = 0
    message: int = 0
    refresh: int = 0
    wake: int = 0

    @classmethod
    def of(cls, wakes: Wakes) -> OpenWakes | None:
        """Return the open part; None for a phone that was not woken yet."""
        return None if wakes.why is None else cls(wakes.at, wakes.why, *wakes[2:])

    def value(self) -> Wakes:
        """Return the wakes."""
        return Wakes(self.at, self.why, self.call, self.message, self.refresh, self.wake)


class OpenBinding(msgspec.Struct, omit_defaults=True):
    """A binding without its push target."""

    id: str
    aor: str
    uri: str
    call_id: str
    cseq: int
    flow: str
    registered_at: float
    expires_at: float
    params: str = ""
    instance: str = ""
    reg_id: int = 0
    user_agent: str = ""
    refresh_at: float | None = None
    refresh_tries: int = 0
    path: tuple[str, ...] = ()
    first: str = ""
    wakes: OpenWakes | None = None
    dead_token: Provider | None = None

    @classmethod
    def of(cls, binding: Binding) -> OpenBinding:
        """Return the open part; positional, since this runs for each REGISTER."""
        return cls(
            binding.id,
            binding.aor,
            binding.uri,
            binding.call_id,
            binding.cseq,
            binding.flow.encode(),
            binding.registered_at,
            binding.expires_at,
            binding.params,
            binding.instance,
            binding.reg_id,
            binding.user_agent,
            binding.refresh_at,
            binding.refresh_tries,
            binding.path,
            binding.first,
            OpenWakes.of(binding.wakes),
            binding.dead_token,
        )

    def value(self, payload: bytes) -> Binding:
        """Join it with the sealed part."""
        return Binding(
            id=self.id,
            aor=Aor(self.aor),
            uri=self.uri,
            params=self.params,
            instance=self.instance,
            reg_id=self.reg_id,
            call_id=self.call_id,
            cseq=self.cseq,
            flow=Flow.decode(self.flow),
            push=read_push(payload),
            user_agent=self.user_agent,
            registered_at=self.registered_at,
            expires_at=self.expires_at,
            refresh_at=self.refresh_at,
            refresh_tries=self.refresh_tries,
            path=self.path,
            first=self.first,
            wakes=self.wakes.value() if self.wakes else NEVER,
            dead_token=self.dead_token,
        )
