"""A pip for a Debian or Ubuntu whose python3 has neither pip nor ensurepip: without root, and nothing is installed.

apt works for an ordinary user when its state and cache folders are private. It checks Debian's signatures as ever.
"""

import shutil
from pathlib import Path

from quiet_run import run

SYSTEM_WHEELS = Path("/usr/share/python-wheels")


def is_debian() -> bool:
    """Tell whether the programs that this file needs are here."""
    return all(shutil.which(program) for program in ("apt-get", "dpkg-deb"))


def borrow_pip(home: Path, *, with_certificates: bool) -> dict[str, str]:
    """Return the environment variables that make `python3 -m pip` work as long as the folder `home` stands."""
    packages = [] if pip_wheels(SYSTEM_WHEELS) else ["python3-pip-whl"]
    if with_certificates:
        packages.append("ca-certificates")
    if packages:
        _download(home, packages)
    wheels = [*pip_wheels(SYSTEM_WHEELS), *pip_wheels(home / "root" / SYSTEM_WHEELS.relative_to("/"))]
    borrowed = {"PYTHONPATH": str(wheels[0])}
    if with_certificates:
        borrowed["PIP_CERT"] = str(_bundle(home))
    return borrowed


def pip_wheels(folder: Path) -> list[Path]:
    """Return the pip wheels in a folder."""
    return sorted(folder.glob("pip-*.whl"))


def _download(home: Path, packages: list[str]) -> None:
    """Fetch packages with apt into `home` and unpack them below `home/root`."""
    for needed in ("state/lists/partial", "cache/archives/partial", "debs", "root"):
        (home / needed).mkdir(parents=True)
    home.parent.chmod(0o711)  # root's apt downloads as the user _apt, who has to pass the temporary folder
    apt = [
        "apt-get",
        f"-oDir::State={home}/state",
        "-oDir::State::status=/var/lib/dpkg/status",
        f"-oDir::Cache={home}/cache",
        "-oAcquire::Languages=none",
    ]
    run([*apt, "update"])
    run([*apt, "download", *packages], cwd=home / "debs")
    for package in (home / "debs").glob("*.deb"):
        run(["dpkg-deb", "-x", package, home / "root"])


def _bundle(home: Path) -> Path:
    """Join the certificates of the unpacked ca-certificates, as its own installation would."""
    bundle = home / "ca-certificates.crt"
    certificates = sorted((home / "root/usr/share/ca-certificates").rglob("*.crt"))
    bundle.write_bytes(b"".join(certificate.read_bytes() for certificate in certificates))
    return bundle
