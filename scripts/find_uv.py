"""Find the pinned uv, or fetch it: from PATH, from our cache, or by whatever pip this machine can offer.

`requirements/uv.txt` is the pin; pip checks what it fetches against the hashes there.
"""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import bare_debian
from quiet_run import ROOT, ProgramFailedError, SetupError, run, step

LOCK = ROOT / "requirements/uv.txt"
CACHE = ROOT / ".cache"
# Where Linux distributions keep their certificates in one file.
SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
BUNDLE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def base_python() -> Path:
    """Return the interpreter itself, also when a virtual environment's python runs us: `.venv` may be about to go."""
    return Path(sys.executable).resolve()


def certificates(env: Mapping[str, str]) -> str | None:
    """Return the CA bundle to trust: the one the environment names, else the system's; None if there is none."""
    for variable in BUNDLE_VARIABLES:
        if bundle := env.get(variable):
            if not Path(bundle).exists():
                raise SetupError(f"{variable} names {bundle}, which does not exist.")
            return bundle
    return next((bundle for bundle in SYSTEM_BUNDLES if Path(bundle).exists()), None)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` with what pip and uv need to agree: one Python, one set of certificates, one index."""
    result = dict(env)
    for misleading in ("VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"):
        result.pop(misleading, None)
    result |= {"UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": str(base_python()), "UV_LINK_MODE": "copy"}
    if bundle := certificates(env):
        result.setdefault("SSL_CERT_FILE", bundle)
        result.setdefault("PIP_CERT", bundle)
    if "PIP_INDEX_URL" in env and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & env.keys():
        result["UV_DEFAULT_INDEX"] = env["PIP_INDEX_URL"]
    if not os.access(Path(env.get("HOME", "/")), os.W_OK):
        result.setdefault("UV_CACHE_DIR", str(CACHE / "uv"))
    result.setdefault("PIP_RETRIES", "2")
    result.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return result


def pinned_version() -> str:
    """Return the version of uv that the lock names."""
    match = re.search(r"^uv==([\w.]+)", LOCK.read_text(), re.MULTILINE)
    if not match:
        raise SetupError(f"{LOCK.relative_to(ROOT)} does not pin uv; `git checkout` it.")
    return match[1]


def find_uv(env: Mapping[str, str]) -> Path:
    """Return the path of the pinned uv; fetch it when it is neither on PATH nor in our cache."""
    version = pinned_version()
    cached = CACHE / f"uv-{version}" / "uv"
    for candidate in (shutil.which("uv"), cached):
        if candidate and _is_version(Path(candidate), version):
            return Path(candidate)
    with TemporaryDirectory(prefix="ringwake-uv-") as folder:
        pip, pip_env = _find_pip(Path(folder), env)
        with step(f"fetching uv {version}"):
            run([*pip, "install", "--no-deps", "--require-hashes", "--only-binary=:all:",
                 "--target", f"{folder}/uv", "-r", LOCK], pip_env)  # fmt: skip
        cached.parent.mkdir(parents=True, exist_ok=True)
        arriving = cached.with_name(f"uv.{os.getpid()}")
        shutil.copy2(Path(folder, "uv/bin/uv"), arriving)
        arriving.replace(cached)
    return cached


def _is_version(uv: Path, version: str) -> bool:
    try:
        return run([uv, "--version"]).split()[1:2] == [version]
    except (OSError, ProgramFailedError):
        return False


def _find_pip(folder: Path, env: Mapping[str, str]) -> tuple[list[str | Path], Mapping[str, str]]:
    """Return a pip as command and environment: ensurepip's wheel in a venv, this Python's own, or Debian's wheel."""
    python = base_python()
    if wheel := bundled_pip():
        run([python, "-m", "venv", "--without-pip", folder / "venv"], env)
        return [folder / "venv/bin/python", "-m", "pip"], {**env, "PYTHONPATH": str(wheel)}
    if importlib.util.find_spec("pip"):
        return [python, "-m", "pip"], env
    if bare_debian.is_debian():
        with step("borrowing pip from the distribution's packages"):
            borrowed = bare_debian.borrow_pip(folder / "apt", with_certificates=certificates(env) is None)
        return [python, "-m", "pip"], {**env, **borrowed}
    raise SetupError(
        f"Install pip for {python} (Debian, Ubuntu: `apt-get install python3-venv`), or uv {pinned_version()}."
    )


def bundled_pip() -> Path | None:
    """Return the pip wheel that ensurepip would install: run from the file it needs seconds less."""
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:
        return None
    folders = (Path(ensurepip.origin).parent / "_bundled", bare_debian.SYSTEM_WHEELS)
    return next((wheel for folder in folders for wheel in bare_debian.pip_wheels(folder)), None)
