"""Linphone as an app on a phone: Debian's liblinphone 5.1 by ctypes, with the push code of its mobile apps.

`python -m tests.interop.linphone_app SETTINGS`. Its own configuration file survives from one start to the next.
"""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path

from tests.interop.app_door import AppSettings, Key, leave, pressed, read_settings, show

LIBRARY = "liblinphone.so.10"
ROUND_SECONDS = 0.01
"""How often the library gets its turn; its own apps do that every 20 ms."""
_ALL_LEVELS = 0x3F
_REGISTERED, _FAILED = 2, 4
_CALL_STATES = {1: "ringing", 8: "up", 14: "ended"}
_SENT = re.compile(r"channel \[\w+\]: message sent to [^\n]*\n(.*)", re.DOTALL)
_RECEIVED = re.compile(r"channel \[\w+\]: received \[\d+\] new bytes from [^\n]*\n(.*)", re.DOTALL)
_OnLog = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_OnState = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)

CONFIGURATION = """\
[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
bind_address=127.0.0.1
guess_hostname=0
root_ca={ca_file}
verify_server_certs=1
verify_server_cn=1
default_proxy=0

[rtp]
audio_rtp_port=-1
video_rtp_port=-1
text_rtp_port=-1

[sound]
playback_dev_id=ANSNull: Null card
capture_dev_id=ANSNull: Null card
ringer_dev_id=ANSNull: Null card

[proxy_0]
reg_proxy=<{server}>
reg_route=<{server}>
reg_identity=sip:{user}@{domain}
reg_expires=31536000
reg_sendregister=1
publish=0

[auth_info_0]
username={user}
passwd={password}
realm={domain}
domain={domain}
"""


class Linphone:
    """The library and one core of it."""

    def __init__(self, settings: AppSettings) -> None:
        self._settings = settings
        self._library = ctypes.CDLL(LIBRARY)
        self._call = ctypes.c_void_p()
        self._callbacks = (_OnLog(self._logged), _OnState(self._registration), _OnState(self._call_changed))
        """Kept: the library does not own them."""
        factory = self.do("factory_get")
        self._watch_log()
        self._core = self.do("factory_create_core_3", factory, str(self._configured()).encode(), None, None)
        self._watch_core(factory)
        self.do("core_set_user_agent", self._core, b"Linphone", b"5.1")
        self._account = self.do("core_get_default_account", self._core)
        self._take_tokens(settings.tokens)
        self.do("core_start", self._core)

    def do(self, name: str, *arguments: object) -> ctypes.c_void_p:
        """Call a function of the library."""
        function = getattr(self._library, f"linphone_{name}")
        function.restype = ctypes.c_void_p
        return ctypes.c_void_p(function(*arguments))

    def run(self) -> None:
        """Give the library its turns, until the user or the system ends the app."""
        while True:
            self.do("core_iterate", self._core)
            match pressed(ROUND_SECONDS):
                case Key.ANSWER:
                    self.do("call_accept", self._call)
                case Key.HANG_UP:
                    self.do("call_terminate", self._call)
                case Key.SUSPEND:
                    self._suspend()
                case Key.RESUME:
                    self._resume()
                case Key.LEAVE:
                    leave()

    def _configured(self) -> Path:
        file = Path(self._settings.folder) / "linphonerc"
        if not file.exists():
            settings = self._settings
            file.write_text(
                CONFIGURATION.format(
                    ca_file=settings.ca_file,
                    server=settings.server,
                    user=settings.user,
                    domain=settings.domain,
                    password=settings.password,
                )
            )
        return file

    def _watch_log(self) -> None:
        service, callbacks = self.do("logging_service_get"), self.do("logging_service_cbs_new")
        self.do("logging_service_cbs_set_log_message_written", callbacks, self._callbacks[0])
        self.do("logging_service_add_callbacks", service, callbacks)
        self.do("logging_service_set_log_level_mask", service, _ALL_LEVELS)

    def _watch_core(self, factory: ctypes.c_void_p) -> None:
        callbacks = self.do("factory_create_core_cbs", factory)
        self.do("core_cbs_set_account_registration_state_changed", callbacks, self._callbacks[1])
        self.do("core_cbs_set_call_state_changed", callbacks, self._callbacks[2])
        self.do("core_add_callbacks", self._core, callbacks)

    def _take_tokens(self, tokens: dict[str, str]) -> None:
        """Hand over the tokens as the platform's own part of the library does on a phone."""
        values = {"provider": "fcm", "param": tokens.get("number"), "prid": tokens.get("token")}
        if "voip" in tokens:
            values = {
                "provider": "apns",
                "team_id": tokens["team"],
                "bundle_identifier": tokens["bundle"],
                "voip_token": f"{tokens['voip']}:voip",
                "remote_token": f"{tokens['remote']}:remote",
            }
        self.do("core_set_push_notification_enabled", self._core, 1)
        params = self.do("account_params_clone", self.do("account_get_params", self._account))
        push = self.do("account_params_get_push_notification_config", params)
        for name, value in values.items():
            self.do(f"push_notification_config_set_{name}", push, (value or "").encode())
        self.do("account_params_set_push_notification_allowed", params, 1)
        self.do("account_params_set_remote_push_notification_allowed", params, 1)
        self.do("account_set_params", self._account, params)

    def _suspend(self) -> None:
        self.do("core_enter_background", self._core)
        self.do("core_set_network_reachable", self._core, 0)
        show("suspended")

    def _resume(self) -> None:
        self.do("core_set_network_reachable", self._core, 1)
        self.do("core_ensure_registered", self._core, b"")

    def _logged(self, service: int, domain: bytes, level: int, message: bytes) -> None:
        del service, level
        if domain != b"belle-sip":
            return
        text = message.decode(errors="replace")
        if sent := _SENT.match(text):
            show("sent", sip=sent[1])
        elif received := _RECEIVED.match(text):
            show("received", sip=received[1])

    def _registration(self, core: int, account: int, state: int, message: bytes) -> None:
        del core, account
        if state == _REGISTERED:
            show("registered")
        elif state == _FAILED:
            show("not_registered", message=message.decode(errors="replace"))

    def _call_changed(self, core: int, call: int, state: int, message: bytes) -> None:
        del core, message
        self._call = ctypes.c_void_p(call)
        if state in _CALL_STATES:
            show(_CALL_STATES[state])


def main() -> None:
    """Be the app."""
    settings = read_settings()
    os.environ["HOME"] = settings.folder
    Path(settings.folder, ".local/share/linphone").mkdir(parents=True, exist_ok=True)
    Linphone(settings).run()


if __name__ == "__main__":
    main()
