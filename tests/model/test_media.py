"""Manners of media."""

from __future__ import annotations

from ringwake.model.media import BROWSER, PLAIN, Manner


def test_only_profiles_over_dtls_have_keys_by_dtls() -> None:
    assert BROWSER.is_dtls
    assert not PLAIN.is_dtls
    assert not Manner("RTP/SAVP").is_dtls
    assert not Manner().is_dtls
