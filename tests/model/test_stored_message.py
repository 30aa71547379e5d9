"""Claims about a message that waits: under which name the history has it."""

from __future__ import annotations

from dataclasses import replace

from ringwake.model.account import Aor
from ringwake.model.stored_message import StoredMessage

MESSAGE = StoredMessage(
    id="m", trace="t", aor=Aor("alice@example.com"), message=b"", received_at=1.0, expires_at=2.0, waiting=()
)


def test_a_message_is_listed_by_its_own_name_unless_it_is_one_of_several() -> None:
    assert MESSAGE.listed_as == "m"
    assert replace(MESSAGE, entry="one of several").listed_as == "one of several"
