"""baresip with a tone for a voice: it says one frequency, and keeps what it hears in a WAV file."""

from __future__ import annotations

import math
import time
from array import array
from pathlib import Path

from tests.interop.baresip import DOOR_PORT, Baresip

SECONDS = 20.0
RATE = 8000
_HEAD = 44
_CONFIG = """\
sip_listen {host}:0
net_interface {host}
audio_source ausine,{hertz}
audio_player aubridge,nil
audio_alert aubridge,nil
audio_txmode thread
ausrc_srate 48000
ausrc_channels 2
auplay_channels 1
module_path /usr/lib/baresip/modules
module g711.so
module ausine.so
module aubridge.so
module sndfile.so
snd_path {folder}
module_tmp uuid.so
module_tmp account.so
module_app ctrl_tcp.so
module_app menu.so
ctrl_tcp_listen {host}:{port}
"""
_ACCOUNT = (
    '<sip:{user}@{domain}>;auth_user={user};auth_pass={password};outbound="{server}";regint=3600;audio_codecs=PCMU\n'
)


class TonePhone(Baresip):
    """A baresip that registers one account."""

    def __init__(self, folder: Path, *, address: str, host: str, server: str, hertz: int) -> None:
        """Start it, and wait until it is registered.

        Args:
            folder: for its files.
            address: of the account: `user:password@domain`.
            host: a leased address of its own.
            server: URI of where it registers.
            hertz: what it says.
        """
        login, _, domain = address.partition("@")
        user, _, password = login.partition(":")
        self.account, self.host = user, host
        self._folder = folder
        config = _CONFIG.format(host=host, hertz=hertz, folder=folder, port=DOOR_PORT)
        line = _ACCOUNT.format(user=user, password=password, domain=domain, server=server)
        self._run(folder, config=config, account=line, door=host)

    def hears(self, hertz: int) -> None:
        """Wait until what it has heard in the last second is a tone of that frequency, and next to nothing else."""
        deadline = time.monotonic() + SECONDS
        while (share := tone_share(self._heard(), hertz)) < 0.9:
            assert time.monotonic() < deadline, f"{hertz} Hz are {share:.0%} of what is heard"

    def described(self) -> set[str]:
        """Return all addresses of media in what it has sent and got until now: its own, and whom it was told of."""
        return {line.rpartition(" ")[2] for line in self.lines if line.startswith("c=IN IP4 ")}

    def _heard(self) -> array[int]:
        samples: array[int] = array("h")
        for file in self._folder.glob("dump-*-dec.wav"):
            # Its head says how long it is only when the call is over.
            octets = file.read_bytes()[_HEAD:]
            samples.frombytes(octets[: len(octets) // 2 * 2])
        return samples[-RATE:]


def tone_share(samples: array[int], hertz: int) -> float:
    """Return which part of the power of a sound has one frequency, from 0 to 1 (Goertzel)."""
    power = sum(sample * sample for sample in samples)
    if len(samples) < RATE or not power:
        return 0.0
    angle = 2 * math.pi * hertz / RATE
    real = sum(sample * math.cos(angle * number) for number, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(angle * number) for number, sample in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (len(samples) * power)
