"""The push phones that we meet, and where they are missing."""

from __future__ import annotations

import importlib.util
from ctypes.util import find_library
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Phone:
    """A program that is an app, and what its Contact is known to have beside the parameters of RFC 8599."""

    program: str
    services: frozenset[str] = frozenset({"voip"})
    """Of APNs, for which it has tokens."""
    others: frozenset[str] = frozenset()
    """They say how to push and not to whom, so they stay (RFC 8599 section 13 is about the token)."""


LINPHONE = Phone(
    "tests.interop.linphone_app",
    services=frozenset({"voip", "remote"}),
    others=frozenset({"silent", "timeout", "msg-str", "call-str", "groupchat-str", "call-snd", "msg-snd"}),
)
PJSUA2 = Phone("tests.interop.pjsua2_app")
has_linphone = find_library("linphone") == "liblinphone.so.10"
has_pjsua2 = importlib.util.find_spec("pjsua2") is not None
needs_linphone = pytest.mark.skipif(not has_linphone, reason="liblinphone 5.1 is missing: apt-get install linphone-cli")
needs_pjsua2 = pytest.mark.skipif(not has_pjsua2, reason="pjsua2-python has no wheel for this Python and machine")
