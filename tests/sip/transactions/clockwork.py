"""Runs a machine through its timers, for the tests of the four tables."""

from ringwake.sip.transactions.machine import Do, Machine

_TIMERS = {action for action in Do if action.name.startswith(("START_", "STOP", "SLOW_"))}


def shown(actions: tuple[Do, ...]) -> list[Do]:
    """What the layer has to do, without what the machine does for itself."""
    return [action for action in actions if action not in _TIMERS]


def run(machine: Machine) -> list[tuple[float, Do]]:
    """Fire all timers to the end of the machine; return what was to be done when."""
    done: list[tuple[float, Do]] = []
    while (at := machine.get_timer()) is not None:
        done += [(at, action) for action in shown(machine.handle_timer(at))]
    return done
