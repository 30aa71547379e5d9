"""What comes out of the servers of a scenario, and the secrets that should not be in it."""

from __future__ import annotations

import json
import tomllib
from base64 import urlsafe_b64encode
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from tests.support.canary import Canary
from tests.support.inbox_line import InboxLine
from tests.support.processes import Program

_DEBUG = '[log]\nlevel = "debug"\n'
_LISTS = ("/api/v1/accounts", "/api/v1/devices", "/api/v1/calls", "/metrics")


class Overheard:
    """Makes servers talk at debug level, gathers what they and their callers get out, and lets the canary judge."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._canary = Canary()
        self._texts: dict[str, bytes] = {}
        self._servers: list[Program] = []
        self.phones = self.tokens = self.answers = self.debug_lines = 0

    def starts(self, arguments: tuple[str, ...], state: Path, log: Path | None) -> Path | None:
        """Turn on debug level, learn the passwords, and take the log of a server."""
        log = log or self._folder / f"{len(list(self._folder.iterdir()))}.log"
        log.touch()
        if arguments[0] == "phone":
            self.phones += 1
        if arguments[0] != "serve":
            return log
        named = dict(pairwise(arguments)).get("--config")
        config = Path(named) if named else state / "lab.toml"
        text = config.read_text()
        if _DEBUG not in text:
            head, table, tail = text.partition("[log]\n")
            config.write_text(f"{head}{_DEBUG}{tail}" if table else f"{text}\n{_DEBUG}")
        for tenant in tomllib.loads(text)["tenant"]:
            for account in tenant["account"]:
                self._canary.learn(account["password"])
        return log

    def stops(self, program: Program) -> None:
        """Ask a server for all that it tells, and read its files."""
        if _command(program) == "serve":
            self._read_files(program, "running")
            self._ask(program)

    def stopped(self, program: Program) -> None:
        """Read what a program leaves; learn the tokens that a phone had."""
        assert program.log is not None
        log = program.log.read_bytes()
        command = _command(program)
        self._keep(f"stdout of {command}", program.output)
        self._keep(f"stderr of {command}", log)
        if command == "serve":
            self.debug_lines += log.count(b"sip_received")
            self._read_files(program, "ended")
        elif command == "phone":
            self._learn_tokens(program)

    def hears(self, who: str, text: str) -> None:
        """Keep what somebody got to read."""
        self._keep(who, text.encode())

    def learns(self, token: str) -> None:
        """Look for a push token; of an endpoint of Web Push, for what makes it secret too."""
        self.tokens += 1
        self._canary.learn(token)
        if "/" in token:
            self._canary.learn(token.rpartition("/")[2])

    def judge(self) -> None:
        """Let the canary look through what came out since it last did.

        Raises:
            AssertionError: a secret is in it, or nothing was looked for.
        """
        texts, self._texts = self._texts, {}
        found = self._canary.sing(texts)
        assert not found, "\n".join(found)
        assert self.tokens >= self.phones, "the canary does not know the tokens of all phones"

    def _keep(self, name: str, text: bytes) -> None:
        self._texts[f"{name} ({len(self._texts)})"] = text

    def _read_files(self, program: Program, when: str) -> None:
        state = _state(program)
        for file in (*state.glob("ringwake.db*"), *state.glob("*.messages")):
            self._keep(f"{file.name}, {when}", file.read_bytes())

    def _ask(self, program: Program) -> None:
        told = json.loads((_state(program) / "server.json").read_bytes())
        line = HTTPConnection(urlsplit(told["http"]).netloc, timeout=10)
        answers = {path: self._get(line, path, told["token"]) for path in _LISTS}
        for call in json.loads(answers["/api/v1/calls"]):
            self._get(line, f"/api/v1/calls/{quote(call['trace'], safe='')}/timeline", told["token"])
        line.close()

    def _get(self, line: HTTPConnection, path: str, token: str) -> bytes:
        line.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = line.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path}: {answer.status}"
        self._keep(f"answer of {path}", body)
        self.answers += 1
        return body

    def _learn_tokens(self, program: Program) -> None:
        """Ask the push services, in the phone's place, which tokens they have given it."""
        config = tomllib.loads((_state(program) / "lab.toml").read_text())
        lab = config["lab"]
        words = program.process.args
        assert isinstance(words, tuple)
        provider = dict(pairwise(words)).get("--provider", "*")
        for file in _state(program).glob(f"phone-{words[2]}-{provider}.json"):
            device = file.stem.removeprefix("phone-")
            with InboxLine({"inbox": {"url": lab["inbox"]}, "ca_file": lab["ca_file"]}) as line:
                secret = json.loads(file.read_bytes())["secret"]
                attached = line.ask({"op": "attach", "device": device, "secret": secret})
                assert not attached["new"], f"the push services do not know {device}"
                line.send({"op": "register", **_app(device.rpartition("-")[2], config)})
                while (answer := line.receive())["op"] != "registered":
                    assert answer["op"] == "push", answer
            for token in _tokens(answer):
                self.learns(token)


def _app(provider: str, config: dict[str, Any]) -> dict[str, object]:
    if provider == "webpush":
        (pem,) = (Path(app["vapid_key_file"]) for app in config["app"] if app["provider"] == provider)
        key = load_pem_private_key(pem.read_bytes(), None).public_key()
        point = urlsafe_b64encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        return {"provider": provider, "application_server_key": point.decode().rstrip("=")}
    return {"provider": provider, "app": config["lab"]["bundle" if provider == "apns" else "project"]}


def _tokens(answer: dict[str, Any]) -> list[str]:
    match answer["provider"]:
        case "apns":
            return list(answer["tokens"].values())
        case "fcm":
            return [answer["token"]]
        case _:
            keys = answer["subscription"]["keys"]
            return [answer["subscription"]["endpoint"], keys["auth"]]


def _command(program: Program) -> str:
    words = program.process.args
    assert isinstance(words, tuple)
    return str(words[1])


def _state(program: Program) -> Path:
    assert program.state is not None
    return program.state
