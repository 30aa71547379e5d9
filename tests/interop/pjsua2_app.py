"""PJSIP as an app on a phone: pjsua2 with the parameters of RFC 8599 in its Contact, of which it knows nothing itself.

`python -m tests.interop.pjsua2_app SETTINGS`.
"""

from __future__ import annotations

import re
from typing import Any

import pjsua2
from tests.interop.app_door import AppSettings, Key, keep_others_out, leave, pressed, read_settings, show

ROUND_MILLISECONDS = 10
EXPIRES = 31_536_000
_LOG_LEVEL = 5
"""The first level at which each message is logged."""
_MESSAGE = re.compile(r"\.(TX|RX) \d+ bytes [^\n]*:\n(.*)\n--end msg--", re.DOTALL)


class Wiretap(pjsua2.LogWriter):  # type: ignore[misc]  # the wheel carries no types
    """Reads the SIP messages out of the log."""

    def write(self, entry: Any) -> None:
        if found := _MESSAGE.search(entry.msg):
            show("sent" if found[1] == "TX" else "received", sip=found[2])


class Call(pjsua2.Call):  # type: ignore[misc]  # the wheel carries no types
    def onCallState(self, prm: Any) -> None:  # noqa: N802  the library's own name
        del prm
        state = self.getInfo().state
        if state == pjsua2.PJSIP_INV_STATE_CONFIRMED:
            show("up")
        elif state == pjsua2.PJSIP_INV_STATE_DISCONNECTED:
            show("ended")


class Account(pjsua2.Account):  # type: ignore[misc]  # the wheel carries no types
    call: Call
    """Kept to the end: the library wants to close it itself."""

    def onRegState(self, prm: Any) -> None:  # noqa: N802  the library's own name
        if prm.code == 200:
            show("registered")
        else:
            show("not_registered", message=f"{prm.code} {prm.reason}")

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802  the library's own name
        self.call = Call(self, prm.callId)
        self.call.answer(_status(180))
        show("ringing")


def push_parameters(tokens: dict[str, str]) -> str:
    """Write the parameters of RFC 8599 with one token."""
    if "voip" in tokens:
        return f";pn-provider=apns;pn-param={tokens['team']}.{tokens['bundle']}.voip;pn-prid={tokens['voip']}"
    return f";pn-provider=fcm;pn-param={tokens['project']};pn-prid={tokens['token']}"


def begin(settings: AppSettings, log: Wiretap) -> tuple[pjsua2.Endpoint, Account]:
    """Start the library and register."""
    endpoint, config = pjsua2.Endpoint(), pjsua2.EpConfig()
    endpoint.libCreate()
    config.logConfig.level, config.logConfig.consoleLevel, config.logConfig.writer = _LOG_LEVEL, _LOG_LEVEL, log
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.uaConfig.userAgent = f"PJSUA2 {endpoint.libVersion().full}"
    endpoint.libInit(config)
    own = pjsua2.TransportConfig()
    own.boundAddress = "127.0.0.1"
    own.tlsConfig.CaListFile, own.tlsConfig.verifyServer = settings.ca_file, True
    for transport in (pjsua2.PJSIP_TRANSPORT_TCP, pjsua2.PJSIP_TRANSPORT_TLS):
        endpoint.transportCreate(transport, own)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    account = Account()
    account.create(_account(settings))
    return endpoint, account


def _account(settings: AppSettings) -> pjsua2.AccountConfig:
    config = pjsua2.AccountConfig()
    config.idUri = f"sip:{settings.user}@{settings.domain}"
    config.regConfig.registrarUri = f"sip:{settings.domain}"
    config.regConfig.timeoutSec = EXPIRES
    config.sipConfig.proxies.append(f"{settings.server};lr")
    config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    config.sipConfig.contactUriParams = push_parameters(settings.tokens)
    credentials = pjsua2.AuthCredInfo("digest", "*", settings.user, 0, settings.password)
    config.sipConfig.authCreds.append(credentials)
    return config


def _status(code: int) -> pjsua2.CallOpParam:
    answer = pjsua2.CallOpParam()
    answer.statusCode = code
    return answer


def main() -> None:
    """Be the app."""
    keep_others_out()
    log = Wiretap()
    endpoint, account = begin(read_settings(), log)
    while True:
        endpoint.libHandleEvents(ROUND_MILLISECONDS)
        match pressed(0):
            case Key.ANSWER:
                account.call.answer(_status(200))
            case Key.HANG_UP:
                account.call.hangup(pjsua2.CallOpParam())
            case Key.LEAVE:
                leave()


if __name__ == "__main__":
    main()
