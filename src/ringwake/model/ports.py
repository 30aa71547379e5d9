"""What the lower floors and the edge need from outside, as Protocols. `app.py` chooses who implements them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey
from ringwake.model.push import Outcome, Push
from ringwake.model.settings import Settings
from ringwake.model.store_ops import Failed, Op
from ringwake.model.tenant import Tenant
from ringwake.sip.flow import Flow

R = TypeVar("R")


class Store(Protocol):
    """Keeps bindings, parked calls, messages and accounts. All implementations pass tests/contract."""

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        """Apply one operation atomically, in the order of the calls.

        `applied` is called once with the result as soon as the step is done in memory, in-process stores before
        `submit` returns. `durable` is called once, after the commit, with the same result, or with `Failed` when the
        commit failed: then the step, and every later one that was not yet durable, has been undone.
        """

    async def do(self, op: Op[R]) -> R:
        """Submit and wait until durable.

        Raises:
            StoreError: it could not be made durable.
        """

    async def close(self) -> None:
        """Make everything durable that was submitted, and let go of the files."""


class StoreError(Exception):
    """An operation could not be made durable."""


class Directory(Protocol):
    """Accounts, applications and domains, from memory: asked on every request."""

    def account(self, aor: Aor) -> Account | None:
        """Return the account of an address of record, with its settings."""

    def settings(self, aor: Aor) -> Settings:
        """Return what was chosen for an address of record, also for one that only a PBX knows."""

    def app(self, key: AppKey) -> App | None:
        """Return an application."""

    def apps(self, tenant: str) -> tuple[App, ...]:
        """Return the tenant's applications, in the order of their services."""

    def is_local(self, host: str) -> bool:
        """Tell whether a domain, in lower case, is one of ours."""

    def tenant(self, domain: str) -> Tenant | None:
        """Return the tenant of a domain in lower case."""


class Trunks(Protocol):
    """The ways to the PBXs that we stand in front of."""

    def has(self, tenant: str) -> bool:
        """Tell whether a tenant has a PBX."""

    def flow(self, tenant: str) -> Flow | None:
        """Return where a request to the tenant's PBX goes now; None when it cannot be reached. Then it is dialled."""

    def tenant_of(self, flow: Flow) -> str:
        """Return the tenant whose PBX is at the other end of a flow, for sure; or an empty text."""

    def is_near(self, flow: Flow, tenant: str) -> bool:
        """Tell whether a flow comes from the address of the tenant's PBX, whatever its port.

        Others may have that address too (a phone on the same machine, or behind the same NAT), so what comes is the
        PBX's only if it also has something that only the PBX was given.
        """


class Pusher(Protocol):
    """Sends one push to its provider, one attempt."""

    async def send(self, push: Push) -> Outcome:
        """Send and say how it went. Never raises; takes at most about `push.timeout` seconds."""

    async def close(self) -> None:
        """Close the connections to the providers."""


class Seal(Protocol):
    """Writes what only we can read back: tokens in Record-Route, nonces (design.md section 5)."""

    def seal(self, purpose: str, payload: bytes) -> str:
        """Encrypt and authenticate; the text fits a SIP user part and a quoted string."""

    def open(self, purpose: str, text: str) -> bytes | None:
        """Return the payload, or None when we did not write this text for this purpose."""

    def digest(self, purpose: str, payload: bytes) -> str:
        """Return a keyed hash, 32 lower-case hex digits: the same for the same input over restarts."""


class Ids(Protocol):
    """Source of identifiers; seeded in tests, so that one seed replays one history."""

    def hex(self, digits: int) -> str:
        """Return that many unpredictable lower-case hex digits."""
