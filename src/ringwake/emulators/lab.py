"""The lab: all four emulators on loopback, started and ended together. Only here are the parts put together."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import msgspec

from ringwake.emulators import apns, fcm, oauth, webpush
from ringwake.emulators.certificates import server_context
from ringwake.emulators.clock import Clock
from ringwake.emulators.credentials import SUBJECT, Credentials, load_credentials
from ringwake.emulators.directory import Directory
from ringwake.emulators.exchange import Handler
from ringwake.emulators.faults import Faults
from ringwake.emulators.inbox import Inbox
from ringwake.emulators.journal import Journal
from ringwake.emulators.mailroom import Mailroom
from ringwake.emulators.manner import Counters, Manner, Terms
from ringwake.emulators.office import Office
from ringwake.emulators.provider_token import ProviderKey, ProviderTokens
from ringwake.emulators.server import Listener
from ringwake.emulators.switches import Switchboard, Switches

Ports = Mapping[str, int]
"""By `apns`, `fcm`, `webpush` and `inbox`; what is not named takes a free one."""


class Lab:
    """A running lab; `async with Lab.open(folder, clock=...) as lab`."""

    def __init__(self, credentials: Credentials, host: str, office: Office) -> None:
        self._host = f"[{host}]" if ":" in host else host
        self._office = office
        self.credentials = credentials
        self.journal = office.journal
        self.switches = office.switches
        key = ProviderKey(key_id=credentials.ids.key_id, team=credentials.ids.team, key=credentials.apns_key)
        self.provider_tokens = ProviderTokens([key], office.clock)
        """Takes on further teams' keys (`trust`)."""
        self._oauth = oauth.OAuth(office, credentials.ids, credentials.google_key)
        self._listeners = self._make_listeners()
        tls = server_context(*credentials.server_files, ["http/1.1"])
        self._inbox = Inbox(office, tls=tls, control_secret=credentials.control_secret)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        clock: Clock,
        host: str = "127.0.0.1",
        switches: Switchboard | None = None,
        ports: Ports | None = None,
    ) -> AsyncIterator[Self]:
        """Start all emulators with the keys of this folder, made there if it is empty; end them with the block.

        Raises CredentialsError (the folder is spoilt), OSError (a port is taken), ValueError (not a loopback address).
        """
        if not ip_address(host).is_loopback:
            raise ValueError("the emulators listen on loopback addresses only")
        credentials = await asyncio.to_thread(load_credentials, Path(folder), clock.wall())
        lab = cls(credentials, host, _make_office(clock, credentials.ids.team, switches or Switchboard()))
        async with AsyncExitStack() as stack:
            stack.callback(lab._office.mailroom.close)
            await lab._begin(host, ports or {}, stack)
            yield lab

    async def _begin(self, host: str, ports: Ports, stack: AsyncExitStack) -> None:
        stack.push_async_callback(self._inbox.close)
        await self._inbox.open(host, ports.get("inbox", 0))
        for service, listener in self._listeners.items():
            stack.push_async_callback(listener.close)
            await listener.open(host, ports.get(service, 0))
        self._office.directory.webpush_origin = self.webpush_url
        self._oauth.token_uri = self.token_uri
        await asyncio.to_thread(self.credentials.write_service_account, self.token_uri)
        for service, listener in self._listeners.items():
            self._obey(service, listener)
            await self.switches.set(service)

    def _obey(self, service: str, listener: Listener) -> None:
        """Put switches into force that are not one request's business."""

        async def enforce(state: Switches) -> None:
            listener.apply(_manner(state))
            if service == "apns":
                self.provider_tokens.renewal_seconds = state.token_interval
            if state.off:
                listener.shut()
            else:
                await listener.reopen()

        self.switches.watch(service, enforce)

    def _make_listeners(self) -> dict[str, Listener]:
        office = self._office
        send = Faults("fcm", fcm.Fcm(office, self.credentials.ids, self._oauth), fcm.fault, office)
        token = Faults("oauth", self._oauth, oauth.fault, office)
        handlers: dict[str, tuple[Handler, Terms]] = {
            "apns": (Faults("apns", apns.Apns(office, self.provider_tokens), apns.fault, office), apns.TERMS),
            "fcm": (fcm.FcmHost(send, token), Terms()),
            "webpush": (Faults("webpush", webpush.WebPush(office), webpush.fault, office), Terms()),
        }
        return {
            service: Listener(handler, tls=self._tls(terms), clock=office.clock, terms=terms)
            for service, (handler, terms) in handlers.items()
        }

    def _tls(self, terms: Terms) -> ssl.SSLContext:
        protocols = ["h2", "http/1.1"] if terms.http1 else ["h2"]
        return server_context(*self.credentials.server_files, protocols)

    @property
    def apns_url(self) -> str:
        """In place of https://api.push.apple.com."""
        return self._url("apns")

    @property
    def fcm_url(self) -> str:
        """In place of https://fcm.googleapis.com."""
        return self._url("fcm")

    @property
    def token_uri(self) -> str:
        """In place of https://oauth2.googleapis.com/token; it stands in the service account's file."""
        return f"{self.fcm_url}{oauth.PATH}"

    @property
    def webpush_url(self) -> str:
        """Origin of all endpoints."""
        return self._url("webpush")

    @property
    def inbox_url(self) -> str:
        """Where phones attach."""
        return f"wss://{self._host}:{self._inbox.port}/"

    @property
    def ca_file(self) -> Path:
        """What clients of all four must trust."""
        return self.credentials.ca_file

    def counters(self, service: str) -> Counters:
        """Return what a listener has counted: apns, fcm (with oauth) or webpush."""
        return self._listeners[service].counters

    def open_requests(self, service: str) -> int:
        """Count the requests that a listener has under way."""
        return self._listeners[service].open_requests

    def describe(self) -> dict[str, object]:
        """Return all that a sender, a phone or a person needs to know, JSON-ready."""
        made = self.credentials
        return {
            "ca_file": str(made.ca_file),
            "apns": {
                "url": self.apns_url,
                "team": made.ids.team,
                "key_id": made.ids.key_id,
                "key_file": str(made.apns_key_file),
            },
            "fcm": {
                "url": self.fcm_url,
                "token_uri": self.token_uri,
                "project": made.ids.project,
                "project_number": made.ids.project_number,
                "service_account": str(made.service_account_file),
            },
            "webpush": {
                "url": self.webpush_url,
                "vapid_key_file": str(made.vapid_key_file),
                "vapid_public_key": made.vapid_public_key,
                "subject": SUBJECT,
            },
            "inbox": {"url": self.inbox_url, "control_secret_file": str(made.control_secret_file)},
        }

    def _url(self, service: str) -> str:
        return f"https://{self._host}:{self._listeners[service].port}"


def _make_office(clock: Clock, team: str, switches: Switchboard) -> Office:
    journal = Journal(clock.monotonic)
    return Office(
        clock=clock,
        journal=journal,
        directory=Directory(clock, team=team),
        mailroom=Mailroom(clock=clock, journal=journal, switches=switches),
        switches=switches,
    )


def _manner(state: Switches) -> Manner:
    return Manner(
        streams=state.streams,
        overrun_ends=state.overrun == "goaway",
        goaway_every=state.goaway,
        goaway_debug=msgspec.json.encode({"reason": state.reason}) if state.reason else b"",
        idle_seconds=state.idle_close,
        freeze=state.freeze,
        stall=state.stall,
    )
