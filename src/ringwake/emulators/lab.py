"""The lab: all emulators on loopback, started and ended together. Only here are the parts put together."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import msgspec

from ringwake.emulators import apns, fcm, hms, hms_oauth, hook, oauth, webpush
from ringwake.emulators.background import BackgroundBudget
from ringwake.emulators.certificates import server_context
from ringwake.emulators.clock import Clock
from ringwake.emulators.credentials import (
    HMS_APP,
    HMS_PROJECT,
    HOOK_APP,
    SUBJECT,
    Credentials,
    load_credentials,
)
from ringwake.emulators.device import SANDBOX
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
"""By `apns`, `apns-sandbox`, `fcm`, `webpush`, `hms`, `http` and `inbox`; what is not named takes a free one."""


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
        self._sandbox_tokens = ProviderTokens([key], office.clock, environment=SANDBOX)
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
                for tokens in (self.provider_tokens, self._sandbox_tokens):
                    tokens.renewal_seconds = state.token_interval
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
            **self._make_apns(office),
            "fcm": (fcm.FcmHost(send, token), Terms()),
            "webpush": (Faults("webpush", webpush.WebPush(office), webpush.fault, office), Terms()),
            "hms": (self._make_hms(office), Terms()),
            "http": (
                Faults("http", hook.Hook(office, secret=self.credentials.hook_secret), hook.fault, office),
                Terms(),
            ),
        }
        return {
            service: Listener(handler, tls=self._tls(terms), clock=office.clock, terms=terms)
            for service, (handler, terms) in handlers.items()
        }

    def _make_apns(self, office: Office) -> dict[str, tuple[Handler, Terms]]:
        budget = BackgroundBudget(office.clock)
        own = apns.Apns(office, self.provider_tokens, budget)
        sandbox = apns.Apns(office, self._sandbox_tokens, budget, environment=SANDBOX)
        handlers = {"apns": own, "apns-sandbox": sandbox}
        return {name: (Faults(name, handler, apns.fault, office), apns.TERMS) for name, handler in handlers.items()}

    def _make_hms(self, office: Office) -> Handler:
        granter = hms_oauth.HmsOAuth(office, app=HMS_APP, secret=self.credentials.hms_secret)
        send = Faults("hms", hms.Hms(office, granter, app=HMS_APP, project=HMS_PROJECT), hms.fault, office)
        return hms.HmsHost(send, Faults("hms-oauth", granter, hms_oauth.fault, office))

    def _tls(self, terms: Terms) -> ssl.SSLContext:
        protocols = ["h2", "http/1.1"] if terms.http1 else ["h2"]
        clients_of = self.ca_file if terms.asks_who else None
        return server_context(*self.credentials.server_files, protocols, clients_of=clients_of)

    @property
    def apns_url(self) -> str:
        """In place of https://api.push.apple.com."""
        return self._url("apns")

    @property
    def apns_sandbox_url(self) -> str:
        """In place of https://api.sandbox.push.apple.com."""
        return self._url("apns-sandbox")

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
        """Origin of all endpoints, UnifiedPush's too."""
        return self._url("webpush")

    @property
    def hms_url(self) -> str:
        """In place of https://push-api.cloud.huawei.com."""
        return self._url("hms")

    @property
    def hms_token_url(self) -> str:
        """In place of https://oauth-login.cloud.huawei.com/oauth2/v3/token."""
        return f"{self.hms_url}{hms_oauth.PATH}"

    @property
    def hook_url(self) -> str:
        """Where the lab's own push server takes pushes."""
        return f"{self._url('http')}{hook.PATH}"

    @property
    def inbox_url(self) -> str:
        """Where phones attach."""
        return f"wss://{self._host}:{self._inbox.port}/"

    @property
    def ca_file(self) -> Path:
        """What clients of all must trust."""
        return self.credentials.ca_file

    def counters(self, service: str) -> Counters:
        """Return what a listener has counted, by its name in `Ports`; fcm and hms with their token endpoints."""
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
                "sandbox_url": self.apns_sandbox_url,
                "team": made.ids.team,
                "key_id": made.ids.key_id,
                "key_file": str(made.apns_key_file),
                "client_certificate": str(made.apns_client_files[0]),
                "client_key": str(made.apns_client_files[1]),
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
            "hms": {
                "url": self.hms_url,
                "token_url": self.hms_token_url,
                "app": HMS_APP,
                "project": HMS_PROJECT,
                "secret_file": str(made.hms_secret_file),
            },
            "http": {"url": self.hook_url, "app": HOOK_APP, "secret_file": str(made.hook_secret_file)},
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
