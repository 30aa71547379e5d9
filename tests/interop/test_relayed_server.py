"""`ringwake serve` with `media = "relay"`: two phones of a tenant hear each other through rtpengine."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.interop.exchange import DOMAIN, PASSWORD
from tests.interop.station import Station, station
from tests.interop.test_rtpengine import media_of
from tests.support.loopback import leased_address
from tests.support.processes import ringwake, run_ringwake
from tests.support.rtpengine import PROGRAM, rtpengine
from tests.support.wire import Wire

from ringwake.sip.flow import Address
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="rtpengine is missing: apt-get install --no-install-recommends rtpengine-daemon"
)
PACKETS = 20
SDP = ("content-type", "application/sdp")


@contextmanager
def serving(folder: Path, control: Address) -> Iterator[tuple[str, Path]]:
    """Run a server whose one tenant is relayed."""
    state = folder / "state"
    with leased_address() as address:
        tables = [
            f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"',
            f'[[listen]]\ntransport = "udp"\naddress = "{address}:5060"',
            '[[peer]]\naddress = "127.0.0.0/8"\nmay_call = true',
            f'[media]\nrtpengine = "{control}"',
            f'[[tenant]]\ndomain = "{DOMAIN}"\nmedia = "relay"',
            f'[[tenant.account]]\nuser = "phone"\npassword = "{PASSWORD}"',
        ]
        config = folder / "server.toml"
        config.write_text("\n\n".join(tables))
        with ringwake("serve", "--config", str(config), state=state) as server:
            server.event("ready")
            yield f"{address}:5060", state
            assert server.stop() == 0


@contextmanager
def rtp() -> Iterator[socket.socket]:
    with leased_address() as host, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((host, 0))
        opened.settimeout(5)
        yield opened


def sdp(endpoint: socket.socket) -> str:
    host, port = endpoint.getsockname()
    return f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"


def is_heard(speaker: socket.socket, listener: socket.socket, to: Address) -> bool:
    """Send numbered packets, and tell whether all of them came."""
    for number in range(PACKETS):
        speaker.sendto(struct.pack("!BBHII", 0x80, 0, number, number * 160, 1) + bytes(160), to)
    numbers: set[int] = set()
    while len(numbers) < PACKETS:
        packet = listener.recv(2000)
        if packet[1] == 0:
            numbers.add(struct.unpack("!H", packet[2:4])[0])
    return True


def call(place: Station, body: str) -> Wire:
    caller = place.wire()
    caller.send(caller.write("INVITE", place.aor, "Content-Type: application/sdp", body=body))
    return caller


def accept(phone: Wire, invite: Request, body: str) -> None:
    routes = [("record-route", text) for text in invite.headers.texts("record-route")]
    ok = reply(invite, 200, to_tag="phone", headers=[*routes, ("contact", f"<sip:p@{phone.host}:{phone.port}>"), SDP])
    ok.body = body.encode()
    phone.send(ok.encode())


def hang_up(caller: Wire, ok: Response) -> None:
    routes = [f"Route: {route}" for route in reversed(ok.headers.values("record-route"))]
    names = [f"{key}: {ok.headers.get(key.lower())}" for key in ("From", "To", "Call-ID")]
    target = (ok.headers.get("contact") or "").strip("<>")
    caller.send(caller.write("ACK", target, *routes, *names, "CSeq: 1 ACK"))
    caller.send(caller.write("BYE", target, *routes, *names, "CSeq: 2 BYE"))


def test_two_phones_hear_each_other_and_the_ports_are_free_after_the_bye(tmp_path: Path) -> None:
    with (
        rtpengine(tmp_path) as (control, _),
        serving(tmp_path, control) as (server, _),
        station(server, DOMAIN, "phone") as place,
        rtp() as here,
        rtp() as there,
    ):
        phone = place.phone()
        caller = call(place, sdp(here))
        invite = phone.request("INVITE")
        assert invite is not None
        accept(phone, invite, sdp(there))
        ok = caller.final("INVITE")
        assert ok is not None
        assert ok.status == 200
        to_caller, to_callee = media_of(invite)[1], media_of(ok)[1]
        assert {to_caller.host, to_callee.host} == {control.host}
        assert is_heard(here, there, to_callee)
        assert is_heard(there, here, to_caller)
        hang_up(caller, ok)
        phone.answer(phone.request("BYE"), 200)
        assert caller.final("BYE") is not None
        for address in (to_caller, to_callee):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(address)


def test_without_rtpengine_the_caller_hears_500_and_the_trace_says_why(tmp_path: Path) -> None:
    with (
        leased_address() as nobody,
        serving(tmp_path, Address(nobody, 22_222)) as (server, state),
        station(server, DOMAIN, "phone") as place,
        rtp() as here,
    ):
        place.phone()
        caller = call(place, sdp(here))
        final = caller.final("INVITE")
        assert final is not None
        assert (final.status, final.reason) == (500, "no media relay")
        told = run_ringwake(["trace", final.call_id], state=state)
        assert "It failed with 500: no media relay: rtpengine did not answer." in told.stdout
