"""A running inbox for the tests of it and of its link."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.emulators.bench import START, ManualClock
from tests.emulators.conftest import Tls
from tests.emulators.offices import BUNDLE, PROJECT, make_office
from tests.emulators.phones import Phone, phone
from tests.emulators.senders import VAPID_KEY, raw_point

from ringwake.emulators.inbox import Inbox
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push

CONTROL = "control-secret"
REGISTER_APNS = {"op": "register", "provider": "apns", "app": BUNDLE}
REGISTER_FCM = {"op": "register", "provider": "fcm", "app": PROJECT}
REGISTER_WEBPUSH = {"op": "register", "provider": "webpush", "application_server_key": raw_point(VAPID_KEY)}


class Bench:
    def __init__(self, tls: Tls) -> None:
        self.clock = ManualClock()
        self.office: Office = make_office(self.clock)
        self.inbox = Inbox(self.office, tls=tls.server("http/1.1"), control_secret=CONTROL)
        self.context = tls.client()
        self.url = ""

    def phone(self, **options: object) -> AbstractAsyncContextManager[Phone]:
        return phone(self.url, self.context, **options)

    def post(self, token: str, name: str = "push", *, ttl: float = 0.0) -> None:
        found = self.office.directory.find("fcm", token)
        push = Push(
            provider="fcm",
            app=PROJECT,
            token=token,
            id=name,
            kind="HIGH",
            fields={"payload": {"n": name}},
            expires_at=START + ttl if ttl else 0.0,
        )
        self.office.mailroom.post(found.device, push)  # type: ignore[union-attr]  # a test's own token


@asynccontextmanager
async def inbox(tls: Tls) -> AsyncIterator[Bench]:
    bench = Bench(tls)
    await bench.inbox.open("127.0.0.1")
    bench.url = f"wss://127.0.0.1:{bench.inbox.port}/"
    try:
        yield bench
    finally:
        await bench.inbox.close()
