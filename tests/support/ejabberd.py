"""ejabberd as a process, on an address of its own: its SIP module is a registrar and a proxy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.loopback import leased_address
from tests.support.processes import Program

EXAMPLE = Path(__file__).parents[2] / "examples/ejabberd/ejabberd.yml"
_LIBRARIES = next(iter(sorted(Path("/usr/lib").glob("*/ejabberd-*"))), None)
PROGRAM = shutil.which("erl") if _LIBRARIES is not None else None
_START = """\
{{ok, _}} = application:ensure_all_started(ejabberd),
[ok = ejabberd_auth:try_register(User, Host, <<"{password}">>) || Host <- [{hosts}], User <- [{users}]],
io:format("ready~n")."""


@contextmanager
def ejabberd(folder: Path, *, domains: Sequence[str], users: Sequence[str], password: str) -> Iterator[str]:
    """Run it while the context is open, without distribution; yield `host:port` once it has its users."""
    assert PROGRAM is not None
    assert _LIBRARIES is not None
    with leased_address() as host:
        config = folder / "ejabberd.yml"
        config.write_text(
            EXAMPLE.read_text().replace("127.0.0.1", host).replace('"example.com"', json.dumps(domains)[1:-1])
        )
        start = _START.format(hosts=_binaries(domains), password=password, users=_binaries(users))
        environment = {
            "EJABBERD_CONFIG_PATH": str(config),
            "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
            "ERL_LIBS": str(_LIBRARIES.parent),
            "ERL_CRASH_DUMP": str(folder / "crash"),
            "HOME": str(folder),
        }
        program = ["env", *(f"{name}={value}" for name, value in environment.items()), PROGRAM]
        options = ["-noinput", "+sbwt", "none", "-mnesia", "dir", f'"{folder}/spool"', "-eval", start]
        with Program(*program, *options, log=folder / "erl.log") as running:
            running.until(lambda line: line == "ready")
            yield f"{host}:5060"
            running.kill()


def _binaries(words: Sequence[str]) -> str:
    return ", ".join(f'<<"{word}">>' for word in words)
