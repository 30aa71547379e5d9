"""Dialling the edge: the proof, the greeting, and why it did not work in words that help."""

from __future__ import annotations

import asyncio
import os
import ssl
from http import HTTPStatus

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.frames import CloseCode

from ringwake.connector.settings import ConnectorSettings
from ringwake.net.tunnel_frames import (
    MAX_FRAME,
    PING_SECONDS,
    PONG_SECONDS,
    VERSION,
    Hello,
    TunnelError,
    Welcome,
    hear,
    say,
)
from ringwake.net.tunnel_link import QUIET, Link, PbxSide, why_closed
from ringwake.sip.flow import Transport

OPEN_SECONDS, WELCOME_SECONDS, CLOSE_SECONDS = 10.0, 10.0, 1.0


class RefusedError(Exception):
    """The edge does not let this connector in; trying again soon will not change that. The text says why."""


async def dial(settings: ConnectorSettings, side: PbxSide) -> Link:
    """Open a link.

    Raises:
        RefusedError: the edge refuses the token, the certificate, or what was said.
        OSError: the edge cannot be reached, or is no edge; says why.
    """
    connection = await _connect(settings)
    hello = Hello(
        tenant=settings.tenant,
        transport="udp" if side.transport is Transport.UDP else "tcp",
        local=str(side.local),
        pbx=str(side.pbx),
    )
    try:
        async with asyncio.timeout(WELCOME_SECONDS):
            await connection.send(say(hello))
            _check_welcome(await connection.recv())
    except ConnectionClosed:
        is_refused = connection.close_code == CloseCode.POLICY_VIOLATION
        raise (RefusedError if is_refused else OSError)(why_closed(connection)) from None
    except (TunnelError, TimeoutError) as error:
        await connection.close()
        raise OSError(str(error) or "no welcome came in time") from None
    except asyncio.CancelledError:
        connection.transport.abort()
        raise
    return Link(connection, side)


def _check_welcome(frame: str | bytes) -> None:
    word = hear(frame) if isinstance(frame, str) else None
    if not isinstance(word, Welcome) or word.v != VERSION:
        raise TunnelError("its first word is not welcome")


async def _connect(settings: ConnectorSettings) -> ClientConnection:
    token = settings.token
    fields = {"Authorization": f"Bearer {token.reveal()}"} if token is not None else {}
    try:
        return await connect(
            settings.edge,
            additional_headers=fields,
            ssl=settings.tls,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            max_size=MAX_FRAME,
            compression=None,
            proxy=None,
            logger=QUIET,
        )
    except InvalidStatus as error:
        raise _turned_away(error.response.status_code) from None
    except ssl.SSLCertVerificationError as error:
        raise OSError(f"its certificate is not accepted: {error.verify_message}") from None
    except (InvalidHandshake, InvalidMessage, ssl.SSLError) as error:
        raise _broken(error, shown=settings.has_certificate) from None


def _turned_away(status: int) -> Exception:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return RefusedError("it knows neither the token nor the certificate")
    return OSError(f"it answers {status}: is this the address of [connectors]?")


def _broken(error: BaseException, *, shown: bool) -> Exception:
    """Return what a broken handshake means.

    A certificate of ours that is refused is told by an alert, if at all: asyncio's server only breaks off. Over TLS 1.3
    it does so when our side of the handshake is done, before an octet of HTTP.
    """
    cause: BaseException | None = error
    while cause is not None:
        is_alert = isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "")
        if shown and (is_alert or isinstance(cause, EOFError)):
            return RefusedError("it breaks off the handshake: it does not accept the certificate")
        cause = cause.__cause__ or cause.__context__
    return OSError("it does not speak WebSocket there")


def why_unreachable(error: OSError) -> str:
    """Return the reason in the system's words, without the addresses that asyncio puts there."""
    return os.strerror(error.errno) if error.errno else str(error) or "no answer in time"
