"""Writes packets to a pcap file, so that programs of others can read what we have seen.

Only what such a reader needs: raw IPv4, UDP or TCP without options. Checksums of UDP and TCP stay empty; a TCP stream
begins in its middle.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Endpoint: TypeAlias = tuple[str, int]

_MAGIC, _VERSION, _SNAP = 0xA1B2C3D4, (2, 4), 262_144
_RAW_IP = 101
_PROTOCOLS = {"udp": 17, "tcp": 6}
_PUSH_ACK = 0x18


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One datagram, or one segment."""

    at: float
    """Epoch seconds."""
    transport: str
    """udp or tcp."""
    source: Endpoint
    target: Endpoint
    payload: bytes


def write_pcap(file: Path, packets: Iterable[Packet]) -> None:
    """Write packets in the order of time."""
    sent: dict[tuple[Endpoint, Endpoint], int] = {}
    records = [struct.pack("<IHHiIII", _MAGIC, *_VERSION, 0, 0, _SNAP, _RAW_IP)]
    for packet in sorted(packets, key=lambda one: one.at):
        way = (packet.source, packet.target)
        datagram = _ip(packet, _transport(packet, sent.get(way, 0), sent.get(way[::-1], 0)))
        sent[way] = sent.get(way, 0) + len(packet.payload)
        micros = round(packet.at * 1e6)
        records.append(struct.pack("<IIII", micros // 10**6, micros % 10**6, len(datagram), len(datagram)))
        records.append(datagram)
    file.write_bytes(b"".join(records))


def _transport(packet: Packet, sent: int, received: int) -> bytes:
    ports = struct.pack("!HH", packet.source[1], packet.target[1])
    if packet.transport == "udp":
        return ports + struct.pack("!HH", 8 + len(packet.payload), 0) + packet.payload
    numbers = struct.pack("!II", 1 + sent, 1 + received)
    return ports + numbers + struct.pack("!BBHHH", 5 << 4, _PUSH_ACK, 65_535, 0, 0) + packet.payload


def _ip(packet: Packet, content: bytes) -> bytes:
    addresses = socket.inet_aton(packet.source[0]) + socket.inet_aton(packet.target[0])

    def header(checksum: int) -> bytes:
        fields = (0x45, 0, 20 + len(content), 0, 0, 64, _PROTOCOLS[packet.transport], checksum)
        return struct.pack("!BBHHHBBH", *fields) + addresses

    return header(_checksum(header(0))) + content


def _checksum(header: bytes) -> int:
    total = sum(int(word) for (word,) in struct.iter_unpack("!H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
