"""A phone whose push token another account had before, on a server that wants proof (standards S6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.home import open_home
from tests.support.real_loop import run_real

from ringwake.model.events import Happened
from ringwake.sip.flow import Transport

WAYS = [("apns", Transport.TLS), ("fcm", Transport.TCP), ("webpush", Transport.WSS), ("unifiedpush", Transport.TLS)]


@pytest.mark.parametrize(("provider", "transport"), WAYS)
def test_it_brings_the_ticket_back_that_is_pushed_to_its_token(
    provider: str, transport: Transport, tmp_path: Path, lab_folder: Path
) -> None:
    """A phone was given away, and its app set up anew: the push service gives it the token that it had."""

    async def story() -> None:
        async with open_home(tmp_path, lab_folder, tenant='token_claims = "challenge"') as home:
            old, _ = home.phone("alice", provider, transport)
            assert (await old.start()).has_push
            await old.stop()
            same = {"device": old.settings.device, "device_secret": old.settings.device_secret}
            new, told = home.phone("bob", provider, transport, **same)
            assert not (await new.start()).has_push, "not yet"
            await told.noted("registered", push=True)
            await home.server.happened(Happened.TOKEN_CHALLENGED)
            shared = await home.server.happened(Happened.TOKEN_SHARED)
            assert shared.fields["accounts"] == 2
            assert [note.kind for note in new.notifications] == ["wake"]

    run_real(story())
