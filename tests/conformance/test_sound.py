"""Sound messages, over UDP and over TCP: the phone gets them as they were, and its answer finds its way back."""

from __future__ import annotations

import pytest
from tests.conformance.peers import Connection, Datagrams, Heard, Visit, token
from tests.conformance.phone import Phone
from tests.conformance.server import Server
from tests.conformance.shapes_sound import SOUND
from tests.conformance.shapes_valid import Sound


def method_of(sound: Sound) -> str:
    return sound.shape.head.split(maxsplit=1)[0]


def look_at(arrived: Heard, sound: Sound, visit: Visit, phone: Phone) -> None:
    """See that it is what was sent, and what a proxy has to change (RFC 3261 section 16.6)."""
    method, uri, version = arrived.start.split(" ")
    assert (method, version) == (method_of(sound), "SIP/2.0")
    assert uri.startswith("sip:line")
    assert uri.endswith(f"@{phone.host}:{phone.port}"), "its own Contact"
    assert arrived.body == sound.shape.body.replace(b"TOKEN", visit.token.encode())
    assert arrived.one("Content-Length") == str(len(arrived.body))
    assert arrived.one("Max-Forwards") == str(sound.hops)
    for line in sound.keeps:
        assert line.replace("TOKEN", visit.token) in arrived.lines
    for text in sound.lacks:
        assert text.encode() not in arrived.octets
    ours, *theirs = arrived.all("Via")
    assert ours.startswith("SIP/2.0/UDP 127.0.0.1:")
    if method == "MESSAGE":  # kept and sent anew: standards M9
        assert theirs == []
        return
    assert f"received={visit.peer.host}" in theirs[0], "whatever it said itself (section 18.2.1)"
    assert [name for name, via in zip(sound.vias, theirs[1:], strict=False) if name not in via] == []
    routes = arrived.all("Record-Route")[:2]
    assert all(route.startswith("<sip:") and route.endswith(";lr>") for route in routes)


def exchange(sound: Sound, visit: Visit, phone: Phone) -> None:
    """Send it, look at what arrives, and let the phone answer."""
    visit.peer.send(sound.shape.write(visit.token))
    arrived = phone.next(visit.token)
    look_at(arrived, sound, visit, phone)
    phone.answer(arrived, "486 Busy Here" if method_of(sound) == "INVITE" else "200 OK")
    final = visit.final()
    assert final.status == {"INVITE": 486, "MESSAGE": 202}.get(method_of(sound), 200)
    sent = sound.shape.write(visit.token).decode("utf-8", "surrogateescape").lower().split("\r\n")
    assert f"received={visit.peer.host}" in final.all("Via")[0]
    assert len(final.all("Via")) == sum(line.startswith(("via", "v:", "v ")) for line in sent), "the way back is whole"


@pytest.mark.parametrize("name", [name for name in SOUND if name != "inv2543"])
def test_a_sound_message_reaches_the_phone_as_it_was(name: str, visit: Visit, phone: Phone) -> None:
    exchange(SOUND[name], visit, phone)


def test_a_call_of_rfc_2543_gets_what_it_lacks_but_needs_a_length_on_a_stream(
    server: Server, caller: str, phone: Phone
) -> None:
    sound = SOUND["inv2543"]
    with Visit(Datagrams(caller, server.udp), token()) as visit:
        exchange(sound, visit, phone)
    with Visit(Connection(caller, server.tcp), token()) as visit:
        visit.peer.send(sound.shape.write(visit.token))
        assert visit.next().status == 400
        visit.closed()
