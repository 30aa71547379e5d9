"""Two applications that share nothing: the operator's wants its token on each path of the API, the phones' has none."""

from __future__ import annotations

from itertools import product

import pytest
from starlette.routing import Route
from tests.api.bed import DOMAIN, FIXED, STORED, TOKEN, Bed, device_token, in_bed
from tests.store.samples import apns, contact, fcm, register, webpush

from ringwake.api.apps import operator_app, public_app
from ringwake.model.account import Aor
from ringwake.model.events import Event, Happened

OPERATOR = [
    ("GET", "/api/v1/accounts"),
    ("POST", "/api/v1/accounts"),
    ("DELETE", f"/api/v1/accounts/{STORED}"),
    ("PUT", f"/api/v1/accounts/{STORED}"),
    ("GET", f"/api/v1/accounts/{STORED}/settings"),
    ("PATCH", f"/api/v1/accounts/{STORED}/settings"),
    ("GET", "/api/v1/calls"),
    ("GET", "/api/v1/calls/last/timeline"),
    ("GET", "/api/v1/devices"),
    ("GET", "/api/v1/checks"),
    ("GET", "/api/v1/apps"),
    ("POST", "/api/v1/pushes"),
    ("GET", "/api/v1/history"),
    ("GET", "/api/v1/messages"),
    ("POST", "/api/v1/messages"),
]
HEALTH = [("GET", "/livez"), ("GET", "/readyz"), ("GET", "/metrics")]
PHONES = [
    ("POST", "/me/token"),
    ("PUT", "/me/webpush"),
    ("PUT", "/me/push"),
    ("DELETE", "/me/push"),
    ("GET", "/me/settings"),
    ("PATCH", "/me/settings"),
    ("GET", "/me/history"),
    ("POST", "/me/read"),
    ("POST", "/act/{link}"),
    ("OPTIONS", "/act/{link}"),
]
NO_TOKEN = [
    "",
    "Bearer",
    "Bearer ",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN.upper()}",
    f"Bearer  {TOKEN}",
    f"Basic {TOKEN}",
    TOKEN,
    "Bearer \xff\xfe",
    f'Digest username="{TOKEN}"',
]


def listed(routes: list[Route]) -> set[tuple[str, str]]:
    return {(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"}


def test_the_tables_above_are_all_routes_there_are() -> None:
    async def test(bed: Bed) -> None:
        operator = [r for r in operator_app(bed.backend).routes if isinstance(r, Route)]
        public = [r for r in public_app(bed.backend).routes if isinstance(r, Route)]
        assert len(listed(operator)) == len(OPERATOR) + len(HEALTH)
        assert listed(public) == set(PHONES)
        assert {path for _, path in listed(operator)}.isdisjoint(path for _, path in listed(public))

    in_bed(test)


@pytest.mark.parametrize("credentials", NO_TOKEN)
def test_without_the_token_no_path_of_the_api_says_or_does_anything(credentials: str) -> None:
    async def test(bed: Bed) -> None:
        paths = [*OPERATOR, ("GET", "/api/v1/nothing"), ("GET", "/api/"), ("PATCH", "/api/v1/accounts")]
        for method, path in [*paths, ("GET", "/%61pi/v1/accounts")]:
            more = {"authorization": credentials} if credentials else {}
            answer = await bed.stranger.ask(method, path, {"aor": f"eve@{DOMAIN}", "password": "x"}, **more)
            assert (answer.status, answer.header("www-authenticate")) == (401, "Bearer")
            assert answer.problem() == "the operator's token is wanted: Authorization: Bearer"
        assert [account.aor for account in bed.directory.accounts()] == [FIXED, STORED]

    in_bed(test)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_without_case(scheme: str) -> None:
    """RFC 9110 section 11.1."""

    async def test(bed: Bed) -> None:
        answer = await bed.stranger.ask("GET", "/api/v1/accounts", authorization=f"{scheme} {TOKEN}")
        assert answer.status == 200

    in_bed(test)


def test_health_and_metrics_want_no_token() -> None:
    async def test(bed: Bed) -> None:
        for method, path in HEALTH:
            assert (await bed.stranger.ask(method, path)).status == 200

    in_bed(test)


def test_phones_reach_nothing_of_the_operator_even_with_the_token() -> None:
    async def test(bed: Bed) -> None:
        for (method, path), headers in product([*OPERATOR, *HEALTH], ({}, {"authorization": f"Bearer {TOKEN}"})):
            answer = await bed.phone().ask(method, path, **headers)
            assert (answer.status, answer.problem()) == (404, "Not Found")

    in_bed(test)


def test_the_operators_listener_is_no_door_for_phones() -> None:
    async def test(bed: Bed) -> None:
        for method, path in PHONES:
            assert (await bed.operator.ask(method, f"{path}?account={STORED}")).status == 404

    in_bed(test)


def test_an_operators_token_is_no_device_token_and_the_other_way_round() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.phone().ask("PUT", "/me/webpush", {}, authorization=f"Bearer {TOKEN}")
        assert answer.status == 401
        token = await device_token(bed.phone())
        assert (await bed.stranger.ask("GET", "/api/v1/accounts", authorization=f"Bearer {token}")).status == 401

    in_bed(test)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/v1/accounts", {"GET", "HEAD", "POST"}),
        ("GET", f"/api/v1/accounts/{STORED}", {"DELETE", "PUT"}),
        ("POST", "/api/v1/calls", {"GET", "HEAD"}),
        ("DELETE", "/api/v1/calls/last/timeline", {"GET", "HEAD"}),
        ("PUT", "/api/v1/devices", {"GET", "HEAD"}),
        ("POST", "/livez", {"GET", "HEAD"}),
        ("POST", "/metrics", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_answered_with_those_that_there_are(method: str, path: str, allowed: set[str]) -> None:
    """RFC 9110 section 15.5.6: Allow lists them all."""

    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask(method, path)
        assert (answer.status, answer.problem()) == (405, "Method Not Allowed")
        assert set((answer.header("allow") or "").split(", ")) == allowed

    in_bed(test)


@pytest.mark.parametrize(("method", "path"), [("GET", "/me/token"), ("POST", "/me/webpush"), ("DELETE", "/me/webpush")])
def test_phones_get_no_further_by_another_method(method: str, path: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.phone().ask(method, path)
        assert (answer.status, answer.problem()) == (405, "Method Not Allowed")

    in_bed(test)


@pytest.mark.parametrize(
    "path", ["/livez/", "/metrics/", "//evil.example.com", "//evil.example.com/%2e%2e", "/api/v1/calls/"]
)
def test_nobody_is_sent_on_to_the_host_that_the_request_names(path: str) -> None:
    async def test(bed: Bed) -> None:
        for asker in (bed.operator, bed.phone()):
            answer = await asker.ask("GET", path, host="evil.example.com")
            assert answer.status in (404, 405)
            assert answer.header("location") is None

    in_bed(test)


@pytest.mark.parametrize("host", ["[::1", "[", "a b", "evil.example.com:abc", "", "\xff"])
def test_a_host_that_is_none_breaks_nothing(host: str) -> None:
    async def test(bed: Bed) -> None:
        phone, operator = bed.phone(), bed.operator
        assert (await phone.ask("POST", f"/me/token?account={STORED}", host=host)).status == 401
        assert (await operator.ask("GET", "/api/v1/devices", host=host)).status == 200
        assert phone.faults == operator.faults == []

    in_bed(test)


def test_no_answer_shows_a_secret_or_a_push_token() -> None:
    """Reliability S8: canaries in every password, key and token; everything is asked, with and without a mistake."""

    async def test(bed: Bed) -> None:
        targets = (fcm("canary-fcm"), apns(voip="canary-voip", remote="canary-remote"), webpush("https://canary"))
        for number, target in enumerate(targets, 1):
            op = register(
                contact(f"d{number}", push=target),
                aor=Aor(STORED),
                cseq=number,
                call_id=f"r{number}",
                wall=bed.backend.wall(),
            )
            await bed.store.do(op)
            label = target.tokens[0][1].label
            bed.backend.traces.note(Event(Happened.PUSH_SENT, 1.0, "t1", {"device": f"d{number}", "token": label}))
            bed.backend.metrics.note(Event(Happened.PUSH_SENT, 1.0, "t1", {"kind": "call"}))
        operator, phone = bed.operator, bed.phone()
        bad = {"aor": f"canary:canary@{DOMAIN}", "password": "canary", "canary": 1}
        answers = [await operator.ask(method, path, bad) for method, path in [*HEALTH, *reversed(OPERATOR)]]
        answers += [await operator.ask("POST", "/api/v1/accounts", {"aor": f"eve@{DOMAIN}", "password": "canary"})]
        answers += [await phone.ask(method, f"{path}?account={FIXED}", bad) for method, path in PHONES]
        token = await device_token(phone, FIXED, "alice-canary")
        keys = {"p256dh": "canary", "auth": "canary"}
        for body in (b"canary", b'{"canary": []}', {"endpoint": "https://canary", "keys": keys}):
            answers.append(await phone.ask("PUT", "/me/webpush", body, authorization=f"Bearer {token}"))
        assert operator.faults == phone.faults == []
        for answer in answers:
            shown = answer.body.decode() + repr(answer.headers)
            assert token not in shown
            assert "canary" not in shown.replace("unknown field `canary`", ""), shown
        assert sum(b"fcm:phone-project:" in answer.body for answer in answers) == 2, "labels are what may be shown"

    in_bed(test)
