"""What an `[[app]]` says of proxy and client certificate arrives on the wire."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests.push import certificates
from tests.push.connect_proxy import ConnectProxy
from tests.push.house import KEY, made
from tests.push.loop import run
from tests.push.samples import APNS_APP, apns_push
from tests.push.service import Faults, Service

from ringwake.app.credentials import access_of
from ringwake.config.app_section import AppSection
from ringwake.model.push import Accepted, Unreachable


def test_a_push_goes_by_the_configured_proxy_with_the_configured_certificate(tmp_path: Path) -> None:
    certs = certificates.make(tmp_path)
    key = tmp_path / "key.p8"
    key.write_bytes(KEY.reveal())
    for file in (key, certs.client):
        file.chmod(0o600)

    async def story() -> None:
        async with (
            Service(certs, Faults(asks_who=True)) as apple,
            ConnectProxy(apple.port, credentials="me:pw") as proxy,
            made() as (senders, _),
        ):
            section = AppSection(
                tenant="home",
                provider="apns",
                param=APNS_APP.param,
                key_id="KEY1234567",
                key_file="key.p8",
                endpoint=apple.url,
                ca_file="ca.pem",
                client_certificate="client.pem",
                client_key="client.pem",
                proxy=f"http://me:pw@127.0.0.1:{proxy.port}",
            )
            senders.add(APNS_APP, access_of(section, tmp_path, "app[0]", lab=False))
            assert await senders.send(apns_push()) == Accepted()
            assert proxy.asked == [f"127.0.0.1:{apple.port}"]
            without = msgspec.structs.replace(section, client_certificate="", client_key="")
            await senders.replace(APNS_APP, access_of(without, tmp_path, "app[0]", lab=False))
            assert isinstance(await senders.send(apns_push()), Unreachable)

    run(story())
