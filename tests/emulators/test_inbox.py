"""Claims about the inbox over its WebSocket, as docs/reference/inbox.md has them."""

import json

import pytest
from tests.emulators.bench import run, until
from tests.emulators.conftest import Tls
from tests.emulators.inboxes import CONTROL, REGISTER_APNS, REGISTER_FCM, REGISTER_WEBPUSH, inbox
from tests.emulators.offices import BUNDLE, TEAM, events
from tests.emulators.senders import VAPID_KEY, raw_point
from websockets.exceptions import InvalidStatus

from ringwake.emulators.inbox import MOST_CONNECTIONS
from ringwake.emulators.journal import hash8
from ringwake.emulators.mailroom import MOST_WAITING


def test_a_device_is_new_once(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench:
            expected = {"op": "attached", "v": 1, "device": "alice-iphone", "new": True, "waiting": 0}
            async with bench.phone() as alice:
                assert await alice.attach() == expected
            async with bench.phone() as alice:
                assert await alice.attach() == expected | {"new": False}

    run(story())


def test_tokens_are_given_and_given_again(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            apns = await alice.ask(REGISTER_APNS)
            tokens = apns.pop("tokens")
            whose = {"team": TEAM, "environment": "production"}
            assert apns == {"op": "registered", "provider": "apns", "app": BUNDLE, **whose}
            assert tokens.keys() == {"voip", "remote"}
            fcm = await alice.ask(REGISTER_FCM)
            assert fcm.keys() == {"op", "provider", "app", "token"}
            webpush = await alice.ask(REGISTER_WEBPUSH)
            assert webpush["app"] == raw_point(VAPID_KEY)
            assert webpush["subscription"].keys() == {"endpoint", "expirationTime", "keys"}
            assert webpush["subscription"]["keys"].keys() == {"p256dh", "auth"}
            again = [await alice.ask(request) for request in (REGISTER_APNS, REGISTER_FCM, REGISTER_WEBPUSH)]
            assert again == [apns | {"tokens": tokens}, fcm, webpush]

    run(story())


@pytest.mark.parametrize("request_", [REGISTER_APNS, REGISTER_FCM, REGISTER_WEBPUSH])
def test_tokens_are_rotated_and_given_up(tls: Tls, request_: dict[str, object]) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            for op in ("rotate", "unregister"):
                assert (await alice.ask(request_ | {"op": op}))["error"] == "not_registered"
            first = await alice.ask(request_)
            second = await alice.ask(request_ | {"op": "rotate"})
            assert second["op"] == "registered"
            assert second != first
            gone = await alice.ask(request_ | {"op": "unregister"})
            assert gone == {"op": "unregistered", "provider": first["provider"], "app": first["app"]}
            assert await alice.ask(request_) not in (first, second)

    run(story())


def test_a_push_comes_while_attached_and_is_acknowledged(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            token = (await alice.ask(REGISTER_FCM))["token"]
            bench.post(token)
            push = await alice.push()
            assert (push["op"], push["seq"], push["again"], push["id"]) == ("push", 1, False, "push")
            await alice.send({"op": "ack", "seq": 1})
            await alice.send({"op": "ack", "seq": 1})
            await alice.ask(REGISTER_FCM)
            shown = [entry for entry in bench.office.journal.entries if entry.event == "acknowledged"]
            assert [(entry.service, entry.id, entry.token) for entry in shown] == [("fcm", "push", hash8(token))]

    run(story())


def test_what_was_not_acknowledged_comes_again_then_what_was_stored(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench:
            async with bench.phone() as alice:
                await alice.attach()
                token = (await alice.ask(REGISTER_FCM))["token"]
                for name in ("a", "b"):
                    bench.post(token, name)
                    await alice.push()
                await alice.send({"op": "ack", "seq": 1})
            await until(lambda: "detached" in events(bench.office))
            bench.post(token, "c", ttl=10)
            bench.post(token, "lost")
            async with bench.phone() as alice:
                assert (await alice.attach())["waiting"] == 2
                pushes = [await alice.push() for _ in range(2)]
                assert [(push["id"], push["seq"], push["again"]) for push in pushes] == [
                    ("b", 2, True),
                    ("c", 3, False),
                ]

    run(story())


def test_a_second_connection_takes_over(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as old, bench.phone() as new:
            await old.attach()
            token = (await old.ask(REGISTER_FCM))["token"]
            await new.attach()
            assert await old.closed() == 4001
            bench.post(token)
            assert (await new.push())["id"] == "push"

    run(story())


def test_another_secret_is_refused(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice, bench.phone() as mallory:
            await alice.attach()
            refused = await mallory.attach(secret="secret-of-mallory")
            assert (refused["op"], refused["error"]) == ("error", "wrong_secret")
            assert await mallory.closed() == 4003
            assert (await alice.ask(REGISTER_FCM))["op"] == "registered"

    run(story())


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("", "bad_message"),
        ("hello", "bad_message"),
        ("[]", "bad_message"),
        ("{}", "bad_message"),
        ('{"op": 5}', "bad_message"),
        (b'{"op": "attach"}', "bad_message"),
        ({"op": "register"}, "not_attached"),
        ({"op": "attach"}, "bad_field"),
        ({"op": "attach", "device": "a b", "secret": "12345678"}, "bad_field"),
        ({"op": "attach", "device": "a" * 65, "secret": "12345678"}, "bad_field"),
        ({"op": "attach", "device": "a", "secret": "1234567"}, "bad_field"),
        ({"op": "attach", "device": "a", "secret": "1234567é"}, "bad_field"),
        ({"op": "control"}, "bad_field"),
    ],
)
def test_a_bad_first_message_is_answered_and_ends_the_connection(
    tls: Tls, message: dict[str, object] | str | bytes, error: str
) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as stranger:
            assert (await stranger.ask(message))["error"] == error
            assert await stranger.closed() == 4000

    run(story())


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("hello", "bad_message"),
        (b"{}", "bad_message"),
        ({"op": "dance"}, "unknown_op"),
        ({"op": "attach", "device": "a", "secret": "12345678"}, "already_attached"),
        ({"op": "control", "secret": CONTROL}, "already_attached"),
        ({"op": "switches"}, "not_allowed"),
        ({"op": "switch"}, "not_allowed"),
        ({"op": "journal"}, "not_allowed"),
        ({"op": "register"}, "bad_field"),
        ({"op": "register", "provider": "huawei", "app": "x"}, "bad_field"),
        ({"op": "register", "provider": "apns"}, "bad_field"),
        ({"op": "register", "provider": "apns", "app": "a_b"}, "bad_field"),
        ({"op": "register", "provider": "apns", "app": f"{BUNDLE}.voip"}, "bad_field"),
        ({"op": "register", "provider": "apns", "app": f"{BUNDLE}.push-type.widgets"}, "bad_field"),
        ({"op": "register", "provider": "fcm", "app": ""}, "bad_field"),
        ({"op": "register", "provider": "fcm", "app": "x" * 129}, "bad_field"),
        ({"op": "register", "provider": "webpush", "app": "x"}, "bad_field"),
        ({"op": "register", "provider": "webpush", "application_server_key": "B"}, "bad_field"),
        ({"op": "unregister", "provider": "fcm", "app": "other"}, "not_registered"),
        ({"op": "ack"}, "bad_field"),
        ({"op": "ack", "seq": "1"}, "bad_field"),
        ({"op": "ack", "seq": -1}, "bad_field"),
        ({"op": "ack", "seq": 2**60}, "bad_field"),
    ],
)
def test_a_bad_request_is_answered_and_the_connection_lives(
    tls: Tls, message: dict[str, object] | str | bytes, error: str
) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            answer = await alice.ask(message)
            assert (answer["op"], answer["error"]) == ("error", error)
            assert answer["message"]
            assert (await alice.ask(REGISTER_FCM))["op"] == "registered"

    run(story())


@pytest.mark.parametrize(
    ("ref", "echoed"),
    [("r-1", "r-1"), (0, 0), (-5, -5), ("x" * 64, "x" * 64), ("x" * 65, None), (2**60, None), (True, None), ([], None)],
)
def test_a_ref_comes_back(tls: Tls, ref: object, echoed: object) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            attach = {"op": "attach", "device": "a", "secret": "12345678", "ref": ref}
            for request in (attach, REGISTER_FCM | {"ref": ref}, {"op": "dance", "ref": ref}):
                assert (await alice.ask(request)).get("ref") == echoed

    run(story())


def test_registrations_are_bounded(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            answers = [await alice.ask(REGISTER_FCM | {"app": f"project-{number}"}) for number in range(33)]
            assert [answer["op"] for answer in answers] == ["registered"] * 32 + ["error"]
            assert answers[-1]["error"] == "too_many"

    run(story())


def test_connections_are_bounded(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench:
            bench.inbox._connections = MOST_CONNECTIONS
            async with bench.phone() as alice:
                assert await alice.closed() == 4009
            bench.inbox._connections = 0

    run(story())


def test_who_says_nothing_is_sent_away(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as mute:
            await until(lambda: bench.clock.pending == [10])
            bench.clock.advance(10)
            assert await mute.closed() == 4008

    run(story())


def test_a_message_that_is_too_big_ends_the_connection(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            await alice.send(json.dumps({"op": "x" * 70_000}))
            assert await alice.closed() == 1009

    run(story())


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://localhost:8080", True),
        ("https://127.0.0.1", True),
        ("http://[::1]:3000", True),
        ("https://example.com", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_only_pages_of_this_machine_may_connect(tls: Tls, origin: str | None, allowed: bool) -> None:
    async def story() -> None:
        async with inbox(tls) as bench:
            headers = {"Origin": origin} if origin else {}
            if allowed:
                async with bench.phone(additional_headers=headers) as alice:
                    assert (await alice.attach())["op"] == "attached"
            else:
                with pytest.raises(InvalidStatus, match="403"):
                    await bench.phone(additional_headers=headers).__aenter__()

    run(story())


def test_the_inbox_ends_with_phones_attached_and_strangers_undecided(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice, bench.phone() as stranger:
            await alice.attach()
            await bench.inbox.close()
            assert [await alice.closed(), await stranger.closed()] == [1001, 1001]

    run(story())


def test_a_phone_that_reads_nothing_is_sent_no_more_than_it_may_leave_unacknowledged(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench, bench.phone() as alice:
            await alice.attach()
            token = (await alice.ask(REGISTER_FCM))["token"]
            device = bench.office.directory.device("alice-iphone", "secret-of-alice")[0]
            while bench.office.mailroom.has_room(device):
                bench.post(token)
            assert device.unacknowledged == MOST_WAITING
            assert [(await alice.push())["seq"] for _ in range(MOST_WAITING)] == list(range(1, MOST_WAITING + 1))
            await alice.send({"op": "ack", "seq": 1})
            await until(lambda: bench.office.mailroom.has_room(device))

    run(story())


def test_nothing_secret_is_in_the_journal(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench:
            async with bench.phone() as alice:
                await alice.attach()
                token = (await alice.ask(REGISTER_FCM))["token"]
                await alice.ask(REGISTER_FCM | {"op": "rotate"})
                await alice.ask(REGISTER_FCM | {"op": "unregister"})
            async with bench.phone() as mallory:
                await mallory.attach(secret="secret-of-mallory")
            shown = repr(bench.office.journal.entries)
            assert token not in shown
            assert "secret-of" not in shown
            assert {"attached", "registered fcm", "rotated fcm", "unregistered fcm", "refused wrong_secret"} <= set(
                events(bench.office)
            )

    run(story())
