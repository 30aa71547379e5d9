"""`make fresh`: does a newcomer's first minute work? The README's commands in a minimal Debian, as root and as a user.

What is tried is the committed HEAD. Certificates and index of the host go along, since the host may sit behind a proxy.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from debian_tree import execute, home_of, make_tree
from find_uv import SYSTEM_BUNDLES
from quiet_run import ROOT, SetupError, explain, run, say

USERS = ("root", "newcomer")
BUNDLES = ("SSL_CERT_FILE", "PIP_CERT")
BUNDLE_FOLDER = "etc/certificates-of-the-host"
LOCAL_CERTIFICATES = Path("/usr/local/share/ca-certificates")
INDEXES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_HTTP_TIMEOUT")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def main() -> int:
    """Try all commands as all users; return 1 if any failed."""
    if os.geteuid():
        say("`make fresh` makes a Debian in a folder, which needs root: sudo make fresh")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes also then
    commands = [["make", "demo"]] + [["make", "test"]] * ("--test" in sys.argv)
    failed: list[str] = []
    try:
        commit = run(_git("log", "-1", "--format=%h, %s")).strip()
        changes = "; the uncommitted changes are not tried" if run(_git("status", "--porcelain")) else ""
        say(f"Trying HEAD ({commit}){changes}.")
        for user in USERS:
            failed += [f"{command} as {user}" for command in _try(user, commands)]
    except SetupError as error:
        explain(error)
        return 1
    except KeyboardInterrupt:
        return 130
    say(f"Failed: {', '.join(failed)}." if failed else "A newcomer's first minute works.")
    return int(bool(failed))


def _try(user: str, commands: list[list[str]]) -> Iterator[str]:
    """Run the commands in a Debian of the user's own; yield those that failed."""
    folder = Path(mkdtemp(prefix="ringwake-fresh-"))
    try:
        folder.chmod(0o755)  # the user has to pass it
        tree = folder / "tree"
        make_tree(tree, user=user)
        checkout = _check_out(tree, user)
        env = _host_environment(tree)
        for command in commands:
            say(f"\n=== {' '.join(command)}, as {user} ===")
            started = time.monotonic()
            exit_code = execute(tree, command, user=user, folder=checkout, env=env)
            say(f"=== {' '.join(command)}, as {user}: exit {exit_code}, {time.monotonic() - started:.1f} s ===")
            if exit_code:
                yield " ".join(command)
    finally:
        run(["rm", "-rf", "--one-file-system", folder])


def _git(*arguments: str) -> list[str]:
    return ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}", *arguments]


def _check_out(tree: Path, user: str) -> str:
    """Put HEAD into the user's home; return the folder as seen from inside."""
    inside = f"{home_of(user)}/ringwake"
    outside = tree / inside.lstrip("/")
    outside.mkdir()
    with subprocess.Popen(_git("archive", "HEAD"), stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "--extract", "--directory", outside], stdin=archive.stdout, check=True)
    if archive.returncode:
        raise SetupError("`git archive HEAD` failed: commit first.")
    run(["chroot", tree, "chown", "-R", f"{user}:", inside])
    return inside


def _host_environment(tree: Path) -> dict[str, str]:
    """Return the host's settings that a machine in its place would have too; put its certificates into the tree."""
    env = {name: os.environ[name] for name in (*PROXIES, *INDEXES) if name in os.environ}
    bundles = {name: os.environ[name] for name in BUNDLES if name in os.environ}
    if not bundles and any(LOCAL_CERTIFICATES.rglob("*.crt")):
        bundles = {"SSL_CERT_FILE": SYSTEM_BUNDLES[0]}  # this host trusts more than a fresh Debian would
    for name, bundle in bundles.items():
        copy = tree / BUNDLE_FOLDER / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(Path(bundle).read_bytes())
        env[name] = f"/{BUNDLE_FOLDER}/{name}"
    return env


if __name__ == "__main__":
    sys.exit(main())
