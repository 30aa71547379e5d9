"""`ringwake doctor`: one line a check, and an exit code that a script can use."""

from __future__ import annotations

import json

from tests.cli.household import Household
from tests.cli.terminal import Terminal
from tests.observe.happenings import event
from tests.support.home import Home

from ringwake.model.events import Happened


def test_a_healthy_server_has_nothing_to_mend(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("doctor")
    assert (done.code, done.lines) == (0, ["ok    store: the store can write"])
    assert [check["verdict"] for check in json.loads(terminal.run("doctor", "--json").out)] == ["ok"]


def test_a_pbx_that_cannot_be_reached_is_a_failure_with_its_mend(terminal: Terminal, house: Household) -> None:
    lost = event(Happened.PBX_LOST, tenant="ringwake.test", reason="Connection refused")

    async def tell(home: Home) -> None:
        for listener in home.app.listeners:
            listener(lost)

    house.do(tell)
    done = terminal.run("doctor")
    assert done.code == 1
    assert done.lines[1] == "fail  pbx ringwake.test: the PBX cannot be reached: Connection refused"
    assert "tenant.pbx" in done.lines[2]
