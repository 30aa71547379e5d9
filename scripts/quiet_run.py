"""Run other programs without their noise: what they print is shown only when they fail."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What pip, uv, npm and apt say when the network is the trouble, by what mends it. The first cause that is found is it.
CAUSES = {
    "the TLS certificate of a package index could not be verified. Install the CA certificates (Debian, Ubuntu: "
    "`apt-get install ca-certificates`); behind a proxy that inspects TLS, let SSL_CERT_FILE name a file with its CA": (
        "CERTIFICATE_VERIFY_FAILED",
        "invalid peer certificate",
        "UnknownIssuer",
        "suitable TLS CA certificate",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "SELF_SIGNED_CERT_IN_CHAIN",
    ),
    "a package index cannot be reached. See to the network (behind a proxy: https_proxy) and try again": (
        "Temporary failure resolving",
        "Temporary failure in name resolution",
        "Name or service not known",
        "No address associated with hostname",
        "Could not resolve",
        "Network is unreachable",
        "No route to host",
        "Connection refused",
        "Could not connect to",
        "NewConnectionError",
        "ConnectTimeout",
        "operation timed out",
        "tcp connect error",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ETIMEDOUT",
    ),
}


class SetupError(Exception):
    """Set-up cannot go on; the text is one sentence with the mend."""


class ProgramFailedError(SetupError):
    """A program that we ran failed; `output` is what it printed."""

    def __init__(self, command: Sequence[str | Path], output: str) -> None:
        super().__init__(f"`{' '.join(map(str, command))}` failed.")
        self.output = output

    @property
    def cause(self) -> str | None:
        """What the network has to do with it, with the mend; None if nothing that we know."""
        known = (cause for cause, signs in CAUSES.items() if any(sign in self.output for sign in signs))
        return next(known, None)


def run(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, *, cwd: Path = ROOT, stdin: str = ""
) -> str:
    """Run a program and return what it printed."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env=dict(os.environ if env is None else env),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        raise ProgramFailedError(command, result.stdout)
    return result.stdout


def say(text: str, end: str = "\n") -> None:
    """Tell the person who waits what is going on, on stderr: a program may read the stdout of the job that follows."""
    print(text, end=end, file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print one line: what is being done and, once done, how long it took."""
    say(f"  {what} ...", end="")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(" failed")
        raise
    say(f" {time.monotonic() - started:.1f} s")


def explain(error: SetupError) -> None:
    """Print why we stopped: in one sentence where we know the cause, else after the noise that we held back."""
    cause = error.cause if isinstance(error, ProgramFailedError) else None
    if isinstance(error, ProgramFailedError) and cause is None:
        say(error.output.rstrip())
    say(f"Stopped: {cause}." if cause else f"Stopped: {error}")
