"""A whole system around a PBX in a private network: what comes and goes through `ringwake connect`, and who may die."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest
from tests.interop.branch import Branch
from tests.interop.office import Office, offices
from tests.interop.pbx import needs_kamailio
from tests.interop.sleeper import Sleeper
from tests.support.leg import CalleeLeg, CallerLeg
from tests.support.rtpengine import PROGRAM

pytestmark = [
    needs_kamailio,
    pytest.mark.skipif(
        PROGRAM is None, reason="rtpengine is missing: apt-get install --no-install-recommends rtpengine-daemon"
    ),
]
CALLS = 50
FEW = 4
"""Calls where each account has to be registered at the PBX by us: two new ones a second."""
VAULT_UDP, VAULT_TCP = Branch(upstream="vault", transport="udp"), Branch(upstream="vault", transport="tcp")
CONTACT_UDP, CONTACT_TCP = Branch(upstream="contact", transport="udp"), Branch(upstream="contact", transport="tcp")
PATH = Branch(upstream="path", transport="udp")
TWICE = Branch(upstream="contact", transport="udp", connectors=2)
VAULT_TWICE = Branch(upstream="vault", transport="udp", connectors=2)
BRANCHES = (VAULT_UDP, VAULT_TCP, CONTACT_UDP, CONTACT_TCP, PATH, TWICE)


def branches(*several: Branch) -> pytest.MarkDecorator:
    """Run a test once for each of them."""
    return pytest.mark.parametrize("branch", several, ids=lambda branch: branch.name)


@pytest.fixture(scope="module")
def all_offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Office]]:
    with offices(tmp_path_factory.mktemp("offices"), *BRANCHES, VAULT_TWICE) as running:
        yield running


@pytest.fixture
def office(all_offices: dict[str, Office], branch: Branch) -> Iterator[Office]:
    with all_offices[branch.name].lent() as lent:
        yield lent


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def asleep(office: Office, stack: ExitStack, number: int = 1) -> list[Sleeper]:
    """Return phones that have registered, at the PBX too, and sleep."""
    office.until_reached()
    sleepers = [stack.enter_context(Sleeper(office)) for _ in range(number)]
    for sleeper in sleepers:
        sleeper.wake()
    office.until_at_pbx(*(sleeper.account for sleeper in sleepers))
    for sleeper in sleepers:
        sleeper.sleep()
    office.until_asleep(*(sleeper.account for sleeper in sleepers))
    return sleepers


def calls(office: Office, sleepers: list[Sleeper]) -> list[CallerLeg]:
    """Call all of them from the PBX."""
    callers = [office.caller(sleeper.account) for sleeper in sleepers]
    for caller in callers:
        caller.invite()
    for caller in callers:
        caller.until(100)
    return callers


def parked(office: Office, sleepers: list[Sleeper]) -> list[CallerLeg]:
    """Call all of them; they are pushed to, and sleep on."""
    callers = calls(office, sleepers)
    for sleeper in sleepers:
        sleeper.pushed()
    return callers


def rung(sleepers: list[Sleeper]) -> list[CalleeLeg]:
    """Let all of them wake, and ring."""
    for sleeper in sleepers:
        sleeper.wake()
    return [sleeper.rings() for sleeper in sleepers]


def wake_and_answer(sleepers: list[Sleeper], callers: list[CallerLeg]) -> list[CalleeLeg]:
    """Let all of them wake and answer; their callers hear it ring, and hear the answer."""
    legs = rung(sleepers)
    for caller in callers:
        caller.until(180)
    for leg in legs:
        leg.reply(leg.invite, 200, body=leg.offer)
    for caller in callers:
        caller.until(200)
    return legs


def talk_and_hang_up(legs: list[CalleeLeg], callers: list[CallerLeg]) -> None:
    """Confirm all calls; every other one is ended by its caller, the others by their phones."""
    for number, leg, caller in zip(count(), legs, callers):
        caller.ack()
        leg.request("ACK")
        if number % 2:
            leg.answers(caller, "BYE")
        else:
            caller.answers(leg, "BYE")


@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
@branches(*BRANCHES)
def test_a_call_from_the_pbx_wakes_a_phone(office: Office, stack: ExitStack, hangs_up: str) -> None:
    sleepers = asleep(office, stack)
    callers = parked(office, sleepers)
    ((leg,), (caller,)) = wake_and_answer(sleepers, callers), callers
    caller.ack()
    leg.request("ACK")
    if hangs_up == "caller":
        leg.answers(caller, "BYE")
    else:
        caller.answers(leg, "BYE")


@branches(*BRANCHES)
def test_a_phone_calls_out_through_the_pbx(office: Office, stack: ExitStack) -> None:
    (sleeper,) = asleep(office, stack)
    desk = office.desk("desk")
    sleeper.wake()
    caller = sleeper.call("desk")
    caller.invite()
    for _ in range(2 if office.branch.asks_phones else 1):
        caller.until(100)
    callee = CalleeLeg(desk, "desk")
    callee.reply(callee.invite, 180)
    caller.until(180)
    callee.reply(callee.invite, 200, body=callee.offer)
    caller.until(200)
    caller.ack()
    callee.request("ACK")
    callee.answers(caller, "BYE")


@branches(CONTACT_UDP, CONTACT_TCP)
def test_no_call_is_lost_when_the_connector_is_killed_and_started_again(office: Office, stack: ExitStack) -> None:
    sleepers = asleep(office, stack, CALLS)
    callers = parked(office, sleepers)
    office.kill_connector()
    office.connect()
    talk_and_hang_up(wake_and_answer(sleepers, callers), callers)


@branches(CONTACT_TCP)
def test_phones_that_wake_while_the_connector_is_away_are_registered_once_it_is_back(
    office: Office, stack: ExitStack
) -> None:
    sleepers = asleep(office, stack, CALLS)
    callers = parked(office, sleepers)
    office.kill_connector()
    for sleeper in sleepers:
        sleeper.knock()
    office.connect()
    talk_and_hang_up(wake_and_answer(sleepers, callers), callers)


@branches(CONTACT_UDP)
def test_calls_that_come_while_the_connector_is_away_arrive_once_it_is_back(office: Office, stack: ExitStack) -> None:
    """Over UDP, where a PBX sends an INVITE again."""
    sleepers = asleep(office, stack, FEW)
    office.kill_connector()
    callers = calls(office, sleepers)
    office.connect()
    for sleeper in sleepers:
        sleeper.pushed()
    talk_and_hang_up(wake_and_answer(sleepers, callers), callers)


@branches(VAULT_TCP)
def test_calls_that_ring_and_are_answered_while_the_connector_is_away_are_heard_once_it_is_back(
    office: Office, stack: ExitStack
) -> None:
    sleepers = asleep(office, stack, FEW)
    callers = parked(office, sleepers)
    office.kill_connector()
    legs = rung(sleepers)
    for leg in legs:
        leg.reply(leg.invite, 200, body=leg.offer)
    office.connect()
    for caller in callers:
        caller.until(180)
        caller.until(200)
    talk_and_hang_up(legs, callers)


@branches(CONTACT_UDP)
def test_no_call_is_lost_when_the_server_is_killed_and_started_again(office: Office, stack: ExitStack) -> None:
    sleepers = asleep(office, stack, CALLS)
    callers = parked(office, sleepers)
    office.edge.kill()
    office.edge.start()
    talk_and_hang_up(wake_and_answer(sleepers, callers), callers)


@branches(TWICE)
def test_no_call_is_lost_when_the_connector_that_has_them_is_gone_for_good_and_another_is_there(
    office: Office, stack: ExitStack
) -> None:
    sleepers = asleep(office, stack, CALLS)
    callers = parked(office, sleepers)
    office.kill_connector(office.in_use())
    legs = wake_and_answer(sleepers, callers)
    for leg, caller in zip(legs, callers, strict=True):
        caller.answers(leg, "BYE")


@branches(TWICE)
def test_a_pbx_that_two_connectors_reach_calls_each_account_once(office: Office, stack: ExitStack) -> None:
    (sleeper,) = asleep(office, stack)
    for _ in range(2):
        sleeper.wake()
        sleeper.sleep()
    office.until_asleep(sleeper.account)
    (caller,) = parked(office, [sleeper])
    events = office.edge.trace(caller.call_id)
    assert [event["what"] for event in events].count("invite_received") == 1
    wake_and_answer([sleeper], [caller])


@branches(VAULT_TWICE)
def test_an_account_is_registered_by_way_of_the_other_connector_when_its_own_stays_away(
    office: Office, stack: ExitStack
) -> None:
    (sleeper,) = asleep(office, stack)
    begun = len(office.ear.heard())
    office.kill_connector(office.in_use())
    office.until_at_pbx(sleeper.account, after=begun)
    callers = parked(office, [sleeper])
    talk_and_hang_up(wake_and_answer([sleeper], callers), callers)
