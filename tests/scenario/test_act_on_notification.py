"""Act from a notification without SIP: a real server and push service, a sleeping phone, and a click on its URLs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlsplit

import pytest
from tests.scenario.stage import Stage, open_stage

CLICKS = 15
_PUBLIC = '[public]\nlisten = "127.0.0.1:0"'


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("clicks"), _PUBLIC) as opened:
        yield opened


def click(url: str, body: object = None) -> int:
    """POST to a URL as a notification does; return the status."""
    parts = urlsplit(url)
    http = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        text = None if body is None else json.dumps(body)
        http.request("POST", parts.path, text, {"content-type": "application/json"} if text else {})
        return http.getresponse().status
    finally:
        http.close()


def test_the_caller_hears_603_as_soon_as_decline_is_clicked(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    took: list[float] = []
    for _ in range(CLICKS):
        with stage.phone() as phone, stage.call(phone.sleep().user) as caller:
            url = phone.announced()["actions"]["decline_all"]
            begun = time.monotonic()
            assert click(url) == 204
            caller.until(603)
            took.append((time.monotonic() - begun) * 1000)
            caller.ack_failure()
            assert caller.finals == [603]
    with capsys.disabled():
        sys.stderr.write(f"\nclick to 603: median {median(took):.0f} ms, longest {max(took):.0f} ms of {CLICKS}\n")


def test_a_url_that_was_used_or_altered_gets_403_and_changes_nothing(stage: Stage) -> None:
    with stage.phone() as phone, stage.call(phone.sleep().user) as caller:
        urls = phone.announced()["actions"]
        url = urls["decline_all"]
        middle = len(url) - 30
        altered = url[:middle] + ("A" if url[middle] != "A" else "B") + url[middle + 1 :]
        assert click(altered) == 403
        assert click(urls["ignore"]) == 204
        assert click(url) == 403, "one act uses up all of a notification's"
        wire = phone.open()
        assert phone.register(wire) == 200
        phone.answer(wire, wire.next("INVITE"), "200 OK")
        caller.until(200)
        caller.ack()
        assert caller.finals == [200]
