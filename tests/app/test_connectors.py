"""`[connectors]`: a tunnel for each tenant that wants one, and a listener that knows their tokens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.authority import Authority
from tests.support.real_loop import run_real
from tests.support.tunnels import OTHER, PBX, TENANT, TOKEN, bearer, hello
from websockets.asyncio.client import connect

from ringwake.app.connectors import Connectors
from ringwake.app.listeners import ListenError
from ringwake.config.error import ConfigError
from ringwake.config.schema import Config, ConnectorsSection, TenantSection
from ringwake.net.stack import Stack
from ringwake.net.tls import client_context
from ringwake.sip.flow import Address, Flow, Transport


def config(tmp_path: Path, *, listen: str = "127.0.0.1:0", tls: bool = False) -> Config:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    section = ConnectorsSection(listen=listen)
    if tls:
        authority = Authority(tmp_path)
        pair = authority.issue("127.0.0.1")
        section = ConnectorsSection(
            listen=listen, certificate=pair.certificate.name, key=pair.key.name, client_ca=authority.file.name
        )
    tenants = [
        TenantSection(domain=TENANT.upper(), connector=True, connector_token_file="token"),
        TenantSection(domain=OTHER, connector=True),
        TenantSection(domain="dialled.example", connector_token_file="not-there"),
    ]
    return Config(tenant=tenants, connectors=section)


async def opened(config: Config, base: Path) -> tuple[Stack, Connectors]:
    loop = asyncio.get_running_loop()
    stack = Stack(clock=loop.time, call_at=loop.call_at, fault=lambda *_: None)
    return stack, await Connectors.open(config, base=base, stack=stack, note=lambda _: None)


@pytest.mark.parametrize("tls", [False, True])
def test_a_connector_is_let_in_by_its_tenants_token_and_the_stack_finds_it(tls: bool, tmp_path: Path) -> None:
    async def main() -> None:
        stack, connectors = await opened(config(tmp_path, tls=tls), tmp_path)
        assert sorted(connectors.tunnels) == [TENANT, OTHER]
        (address,) = connectors.addresses
        url = f"{'wss' if tls else 'ws'}://{address}/connector"
        context = client_context(tmp_path / "ca.pem") if tls else None
        try:
            async with connect(url, additional_headers=bearer(TOKEN), ssl=context, proxy=None) as connection:
                await connection.send(hello())
                await connection.recv()
                flow = connectors.tunnels[TENANT].flow()
                assert flow == Flow(Transport.UDP, Address("10.0.0.9", 5070), PBX, 0, f"connector:{TENANT}")
                assert stack.is_open(flow)
        finally:
            await connectors.close()
            await stack.close()
        assert not stack.is_open(flow)

    run_real(main())


def test_without_the_table_there_is_no_listener(tmp_path: Path) -> None:
    async def main() -> None:
        stack, connectors = await opened(Config(tenant=[TenantSection(domain=TENANT)]), tmp_path)
        assert (connectors.tunnels, connectors.addresses) == ({}, [])
        await connectors.close()
        await stack.close()

    run_real(main())


def test_a_token_file_that_is_not_there_is_named_by_its_place(tmp_path: Path) -> None:
    wanted = config(tmp_path)
    (tmp_path / "token").unlink()
    with pytest.raises(ConfigError, match=r"^tenant\[0\]\.connector_token_file: .*token: No such file"):
        run_real(opened(wanted, tmp_path))


def test_an_address_that_cannot_be_had_is_named_by_its_place(tmp_path: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        stack = Stack(clock=loop.time, call_at=loop.call_at, fault=lambda *_: None)
        wanted = config(tmp_path, listen="192.0.2.1:8444")
        try:
            with pytest.raises(ListenError, match=r"^connectors\.listen: cannot listen on 192\.0\.2\.1:8444"):
                await Connectors.open(wanted, base=tmp_path, stack=stack, note=lambda _: None)
        finally:
            await stack.close()

    run_real(main())
