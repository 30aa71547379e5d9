"""Certificates made once, and no test may leave a socket behind."""

import gc
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.emulators.bench import START, client_context

from ringwake.emulators.certificates import make_certificates, server_context


@dataclass(frozen=True, kw_only=True)
class Tls:
    ca_file: Path
    server_file: Path
    key_file: Path

    def server(self, *protocols: str) -> ssl.SSLContext:
        return server_context(self.server_file, self.key_file, list(protocols or ("h2", "http/1.1")))

    def client(self, *protocols: str) -> ssl.SSLContext:
        return client_context(self.ca_file, *protocols)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder = tmp_path_factory.mktemp("tls")
    made = make_certificates(START)
    paths = Tls(ca_file=folder / "ca.pem", server_file=folder / "server.pem", key_file=folder / "server.key")
    paths.ca_file.write_bytes(made.authority)
    paths.server_file.write_bytes(made.server)
    paths.key_file.write_bytes(made.server_key)
    return paths


@pytest.fixture(scope="session", autouse=True)
def _heap_at_rest() -> Iterator[None]:
    """Set aside what is there before the first test: the collection after each test takes 1 ms in place of 70."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_socket_is_left() -> Iterator[None]:
    """A socket or transport that nobody closed warns when it is collected, and a warning fails the test."""
    yield
    gc.collect()
