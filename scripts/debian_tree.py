"""A minimal Debian 12 in a folder, and commands run inside it.

Every command gets mounts and processes of its own (namespaces): whatever happens, nothing stays mounted on the host and
no process stays behind.
"""

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

from quiet_run import ROOT, SetupError, run, step

RELEASE = "bookworm"
CACHE = ROOT / ".cache"
# Runs in a mount and process namespace of its own; $1 is the tree, then the user, then the command.
ENTER = """
tree=$1 user=$2; shift 2
mount --bind /dev "$tree/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$tree/dev/pts" 2>/dev/null || true
mount -t proc proc "$tree/proc"
exec chroot --userspec="$user" "$tree" "$@"
"""
NAMESPACES = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def make_tree(tree: Path, *, user: str) -> None:
    """Unpack a pristine Debian into `tree`, with a user and with the host's way to resolve names."""
    pristine = _pristine()
    tree.mkdir()
    with step(f"unpacking a minimal Debian for {user}"):
        run(["tar", "--extract", "--numeric-owner", "--file", pristine, "--directory", tree])
        shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
        # The installer writes it on every machine; debootstrap does not.
        (tree / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
        if user != "root":
            run([*_enter(tree, "root"), "useradd", "--create-home", "--shell", "/bin/sh", user])


def home_of(user: str) -> str:
    """Return a user's home folder, as seen from inside a tree."""
    return f"/{user}" if user == "root" else f"/home/{user}"


def execute(tree: Path, command: list[str], *, user: str, folder: str, env: dict[str, str]) -> int:
    """Run a command in the tree as a user, its output shown; return its exit code."""
    clean = {"HOME": home_of(user), "USER": user, "LOGNAME": user, "PATH": PATH, "LANG": "C.UTF-8", **env}
    settings = [f"{name}={value}" for name, value in clean.items()]
    inside = ["env", "-i", f"--chdir={folder}", *settings, *command]
    return subprocess.run([*_enter(tree, user), *inside], stdin=subprocess.DEVNULL, check=False).returncode


def _enter(tree: Path, user: str) -> list[str]:
    return [*NAMESPACES, "sh", "-ec", ENTER, "enter", str(tree), user]


def _pristine() -> Path:
    """Return the month's pristine tree as a tar file: made once, unpacked often."""
    archive = CACHE / f"debian-{RELEASE}-{date.today():%Y-%m}.tar"  # noqa: DTZ011  # it only names a file
    if archive.exists():
        return archive
    for outdated in CACHE.glob(f"debian-{RELEASE}-*.tar"):
        outdated.unlink()
    if not shutil.which("debootstrap"):
        with step("installing debootstrap"):
            run(["apt-get", "update"])
            run(["apt-get", "install", "--yes", "--no-install-recommends", "debootstrap"])
    CACHE.mkdir(exist_ok=True)
    building = CACHE / f"tree.{os.getpid()}"
    arriving = archive.with_suffix(f".{os.getpid()}")
    try:
        with step(f"making a minimal Debian ({RELEASE}) with debootstrap"):
            packages = "--include=python3,make"
            run([*NAMESPACES, "debootstrap", "--variant=minbase", packages, RELEASE, building, mirror()])
            run(["chroot", building, "apt-get", "clean"])
            run(
                [
                    "tar",
                    "--create",
                    "--numeric-owner",
                    "--one-file-system",
                    "--file",
                    arriving,
                    "--directory",
                    building,
                    ".",
                ]
            )
        arriving.rename(archive)
    finally:
        run(["rm", "-rf", "--one-file-system", building, arriving])
    return archive


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """Return the mirror that this host's apt uses for Debian itself."""
    files = [*apt.glob("sources.list.d/*.sources"), apt / "sources.list", *apt.glob("sources.list.d/*.list")]
    for file in files:
        if file.exists() and (found := find_mirror(file.read_text())):
            return found
    raise SetupError(f"No mirror of Debian stands in {apt}, and debootstrap needs one.")


def find_mirror(sources: str) -> str | None:
    """Return the first address in apt sources, of either format, that is a Debian archive."""
    for line in sources.splitlines():
        words = line.split()
        if words[:1] in (["URIs:"], ["deb"]):
            for word in words[1:]:
                if "://" in word and word.rstrip("/").endswith("/debian"):
                    return word
    return None
