"""Where a REGISTER may tell of a phone's push token, and what older dialects need to be understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringwake.model.app import App, Provider
from ringwake.sip.address import NameAddr
from ringwake.sip.uri import Uri


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One Contact of a REGISTER."""

    contact: NameAddr
    uri: Uri
    """That of the Contact."""
    header: str = ""
    """X-MPUSH of the REGISTER; empty when it has several Contacts, since it is not known which one is meant."""
    apps: tuple[App, ...] = ()
    """Applications of the tenant: older dialects name no team and no project."""

    def only_app(self, provider: Provider) -> App | None:
        """Return the tenant's application at this service; None when there is none, or more than one."""
        found = list(self._of(provider))
        return found[0] if len(found) == 1 else None

    def with_bundle(self, bundle: str) -> App | None:
        """Return the tenant's application at APNs with this bundle id: `TEAMID.bundle` is its whole name."""
        return next((app for app in self._of(Provider.APNS) if app.key.param.partition(".")[2] == bundle), None)

    def _of(self, provider: Provider) -> Iterator[App]:
        return (app for app in self.apps if app.key.provider is provider)
