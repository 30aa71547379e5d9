"""`make docs`: draw the four transaction machines from their tables, so that the picture is never older than the code.

What the tables do not show: which message is sent, to whom, and how a transaction is found; that is the layer's part.
"""

import sys
from collections.abc import Iterator

from quiet_run import ROOT
from ringwake.sip.transactions import invite_client, invite_server, non_invite_client, non_invite_server
from ringwake.sip.transactions.machine import Do, State, Table, Timer, Trigger

PAGE = ROOT / "docs/explain/transactions.md"
MACHINES = {
    "INVITE client": (invite_client.TABLE, State.CALLING, "RFC 3261 section 17.1.1, RFC 6026"),
    "Non-INVITE client": (non_invite_client.TABLE, State.TRYING, "RFC 3261 section 17.1.2"),
    "INVITE server": (invite_server.TABLE, State.PROCEEDING, "RFC 3261 section 17.2.1, RFC 6026"),
    "Non-INVITE server": (non_invite_server.TABLE, State.TRYING, "RFC 3261 section 17.2.2"),
}
HEAD = """# The four transaction machines

Drawn by `make docs` from the tables in `src/ringwake/sip/transactions/`; do not edit. An arrow is a row: what
happens, and after the slash what the layer does. What has no arrow is absorbed. Timers are named by their RFC letters;
over a reliable transport A, E and G do not run, and D, I, J and K are zero.
"""


def main() -> int:
    """Write the page."""
    PAGE.write_text(page())
    return 0


def page() -> str:
    """Return the page as it should be."""
    return "\n".join([HEAD, *(line for name in MACHINES for line in _section(name))])


def _section(name: str) -> Iterator[str]:
    table, first, source = MACHINES[name]
    yield f"## {name}\n\n{source}.\n\n```mermaid\nstateDiagram-v2\n    [*] --> {first.value}"
    for (state, trigger), (after, actions) in _in_order(table).items():
        yield f"    {state.value} --> {after.value} : {_label(trigger, actions)}"
    yield f"    {State.TERMINATED.value} --> [*]\n```\n"


def _in_order(table: Table) -> Table:
    """Return the rows in the order of the states, so that a table that is sorted otherwise draws the same picture."""
    order = list(State)
    return dict(sorted(table.items(), key=lambda row: (order.index(row[0][0]), order.index(row[1][0]))))


def _label(trigger: Trigger | Timer, actions: tuple[Do, ...]) -> str:
    cause = f"timer {trigger.value}" if isinstance(trigger, Timer) else trigger.value
    done = ", ".join(action.value for action in actions if action is not Do.STOP)
    return f"{cause} / {done}" if done else cause


if __name__ == "__main__":
    sys.exit(main())
