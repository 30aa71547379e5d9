"""Claims about what a click on a notification does to a call, with and without other phones of the account."""

from __future__ import annotations

from dataclasses import replace

from tests.support.in_world import answer, asleep, awake, call, in_world, line_of
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone, World

from ringwake.edge.act import CALL_BACK, Done
from ringwake.edge.act import act as perform
from ringwake.edge.send_message import Fate
from ringwake.model.account import Aor
from ringwake.model.events import Happened
from ringwake.model.history import Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.model.store_ops import Recover, Recovered
from ringwake.model.tenant import Tenant
from ringwake.store.directory import MemoryDirectory
from ringwake.ua.call import CallState, OutgoingCall
from ringwake.wake.actions import PATH, Act, ActionLinks

BASE = "https://phones.example.com"


async def called(world: World, *phones: Phone) -> OutgoingCall:
    """Let the boss call alice, whose phones sleep and do not wake."""
    world.core.links = ActionLinks(world.keys, lambda: BASE)
    for phone in phones:
        phone.wakes = False
    made = call(await awake(world), phones[0])
    await pause(1.0)
    assert made.state is not CallState.ENDED
    return made


def click(world: World, phone: Phone, action: str, text: str = "") -> Done:
    """Open the URL that the last push of a phone has brought."""
    url = dict(phone.pushes[-1].notice.actions)[action]
    act = world.core.links.open(url.removeprefix(BASE + PATH)) if world.core.links else None
    assert isinstance(act, Act)
    done, effects = perform(world.core, act, text, world.loop.time())
    world.performer.run_at_once(effects, world.loop.time())
    return done


def test_decline_on_all_phones_ends_the_call_at_once_and_tells_the_others_only() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        made = await called(world, first, second)
        assert click(world, first, "decline_all") is Done.DONE
        await pause(0.2)
        assert (made.state, made.status) == (CallState.ENDED, 603)
        assert [push.notice.kind for push in first.pushes] == ["call"]
        assert [push.notice.kind for push in second.pushes] == ["call", "elsewhere"]

    in_world(test)


def test_a_phone_that_rings_is_cancelled_when_another_has_declined_for_all() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        first.wakes = False
        world.core.links = ActionLinks(world.keys, lambda: BASE)
        made = call(await awake(world), first)
        await pause(1.0)
        (ringing,) = second.calls
        assert click(world, first, "decline_all") is Done.DONE
        await pause(0.2)
        assert (made.status, ringing.state) == (603, CallState.ENDED)

    in_world(test)


def test_a_phone_that_picks_up_at_that_moment_is_hung_up_on() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        first.wakes = False
        world.core.links = ActionLinks(world.keys, lambda: BASE)
        made = call(await awake(world), first)
        await pause(1.0)
        (ringing,) = second.calls
        answer(second, ringing)
        assert click(world, first, "decline_all") is Done.DONE
        await pause(0.5)
        assert (made.status, ringing.state) == (603, CallState.ENDED)
        await pause(60)
        assert len(world.core.calls) == 2, "the refresher and the upkeep"

    in_world(test)


def test_decline_on_one_phone_lets_the_others_ring_on() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        made = await called(world, first, second)
        assert click(world, first, "decline") is Done.DONE
        await pause(0.2)
        assert made.state is not CallState.ENDED
        assert click(world, second, "decline") is Done.DONE
        await pause(0.2)
        assert (made.state, made.status) == (CallState.ENDED, 486)

    in_world(test)


def test_a_phone_that_has_declined_is_not_called_when_it_wakes_nor_after_a_restart() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        await called(world, first, second)
        click(world, first, "decline")
        await pause(0.2)
        await first.wake()
        await pause(0.5)
        assert first.calls == []
        await first.sleep()
        await world.stop()
        world.start()
        await world.recover()
        await first.wake()
        await second.wake()
        await pause(0.5)
        assert (len(first.calls), len(second.calls)) == (0, 1)

    in_world(test)


def test_ignore_is_not_heard_by_the_caller_and_wakes_the_phone_no_more() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        made = await called(world, phone)
        assert click(world, phone, "ignore") is Done.DONE
        await pause(5.0)
        assert made.state is not CallState.ENDED
        await pause(30.0)
        assert made.status == 480
        assert [push.notice.kind for push in phone.pushes] == ["call"], "it need not be told how the call has ended"

    in_world(test)


def test_nothing_can_be_done_to_a_call_that_is_over_or_was_never_there() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        made = await called(world, phone)
        assert click(world, phone, "decline") is Done.DONE
        await pause(0.2)
        assert made.state is CallState.ENDED
        assert click(world, phone, "decline_all") is Done.OVER
        await pause(60.0)
        assert click(world, phone, "ignore") is Done.OVER

    in_world(test)


def test_what_was_done_stands_in_the_trace_of_the_call() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        await called(world, phone)
        click(world, phone, "decline_all")
        (event,) = [event for event in world.events if event.what is Happened.ACTED]
        assert event.trace
        assert event.fields["action"] == "decline_all"
        found: list[Recovered] = []
        world.store.submit(Recover(wall=world.wall(world.loop.time())), found.append)
        assert found[0].calls == ()

    in_world(test)


def test_a_text_declines_for_all_and_reaches_the_caller() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        made = await called(world, phone)
        assert click(world, phone, "text") is Done.DONE
        await pause(1.0)
        assert made.status == 603
        boss = next(each for each in world.phones if each.user == "boss")
        assert boss.texts == [CALL_BACK]

    in_world(test)


def test_a_call_that_is_over_can_still_be_answered_by_a_text() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        await called(world, phone)
        click(world, phone, "decline")
        await pause(0.2)
        assert click(world, phone, "text", "In a meeting") is Done.DONE
        await pause(1.0)
        boss = next(each for each in world.phones if each.user == "boss")
        assert boss.texts == ["In a meeting"]

    in_world(test)


def test_a_message_is_replied_to_and_read_by_that() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        phone.wakes = False
        world.core.links = ActionLinks(world.keys, lambda: BASE)
        boss = await awake(world)
        assert await line_of(boss).message(phone.aor, "Lunch?") == 202
        await pause(0.5)
        assert click(world, phone, "reply", "Yes") is Done.DONE
        await pause(1.0)
        assert boss.texts == ["Yes"]
        (entry,) = await world.store.do(ListHistory(aor=Aor(f"alice@{DOMAIN}")))
        assert (entry.is_read, entry.kind) == (True, "message")

    in_world(test)


def test_nobody_acts_in_the_name_of_an_account_that_was_removed() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        phone.wakes = False
        world.core.links = ActionLinks(world.keys, lambda: BASE)
        boss = await awake(world)
        assert await line_of(boss).message(phone.aor, "Lunch?") == 202
        await pause(0.5)
        left = [account for account in world.directory.accounts() if account.aor != f"alice@{DOMAIN}"]
        world.core.directory = MemoryDirectory([Tenant(domain=DOMAIN)], [], left)
        assert click(world, phone, "reply", "You are all fools") is Done.OVER
        await pause(1.0)
        assert boss.texts == []

    in_world(test)


def test_a_message_is_marked_as_read() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        phone.wakes = False
        world.core.links = ActionLinks(world.keys, lambda: BASE)
        assert await line_of(await awake(world)).message(phone.aor, "Lunch?") == 202
        await pause(0.5)
        assert click(world, phone, "read") is Done.DONE
        await pause(0.2)
        (entry,) = await world.store.do(ListHistory(aor=Aor(f"alice@{DOMAIN}")))
        assert entry.is_read

    in_world(test)


def test_a_text_that_goes_nowhere_still_declines_and_whoever_waits_hears_so_at_once() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world)
        made = await called(world, phone)
        url = dict(phone.pushes[-1].notice.actions)["text"]
        one = world.core.links.open(url.removeprefix(BASE + PATH)) if world.core.links else None
        assert isinstance(one, Act)
        fates: list[Fate] = []
        elsewhere = replace(one, peer="sip:boss@elsewhere.test")
        done, effects = perform(world.core, elsewhere, "", world.loop.time(), told=fates.append)
        assert [(fate.outcome, fate.status) for fate in fates] == [(Outcome.REFUSED, 403)]
        world.performer.run_at_once(effects, world.loop.time())
        await pause(0.2)
        assert (done, made.status) == (Done.DONE, 603)

    in_world(test)
