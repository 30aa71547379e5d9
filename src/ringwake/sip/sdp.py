"""A plain audio offer and answer (RFC 8866, RFC 3264): what a softphone without media needs to set up a call."""

from __future__ import annotations

CONTENT_TYPE = "application/sdp"
_CODECS = {"0": "PCMU/8000", "8": "PCMA/8000"}


def offer(host: str, port: int, *, session: int) -> bytes:
    """Offer G.711 audio at an address. `session` is the origin's session id."""
    return _describe(host, session, [_audio(port, list(_CODECS))])


def answer(offered: bytes, host: str, port: int, *, session: int) -> bytes | None:
    """Answer an offer with the first G.711 format of its first audio stream; None when there is none (488).

    The other streams are refused by port 0: an answer has as many streams as its offer (RFC 3264 section 6).
    """
    lines = offered.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    streams = [line.split(" ") for line in lines if line.startswith("m=")]
    audio = next((stream for stream in streams if stream[0] == "m=audio"), [])
    known = [payload for payload in audio[3:] if payload in _CODECS]
    if not known:
        return None
    answers = [
        _audio(port, known[:1]) if stream is audio else [" ".join([stream[0], "0", *stream[2:]])] for stream in streams
    ]
    return _describe(host, session, answers)


def _audio(port: int, formats: list[str]) -> list[str]:
    codecs = [f"a=rtpmap:{payload} {_CODECS[payload]}" for payload in formats]
    return [f"m=audio {port} RTP/AVP {' '.join(formats)}", *codecs, "a=sendrecv"]


def _describe(host: str, session: int, streams: list[list[str]]) -> bytes:
    family = "IP6" if ":" in host else "IP4"
    lines = [
        "v=0",
        f"o=- {session} {session} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        *(line for stream in streams for line in stream),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()
