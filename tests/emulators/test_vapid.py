"""Claims about VAPID."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.emulators.bench import START
from tests.emulators.offices import ORIGIN
from tests.emulators.senders import VAPID_KEY, raw_point, vapid

from ringwake.emulators.refusal import RefusedError
from ringwake.emulators.vapid import check_vapid

NOW = int(START)
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def reason(*authorizations: str) -> str:
    try:
        check_vapid(list(authorizations), key=raw_point(VAPID_KEY), origin=ORIGIN, wall=START)
    except RefusedError as error:
        return error.reason
    return ""


@pytest.mark.parametrize(
    "authorization",
    [
        vapid(),
        vapid().replace("vapid", "Vapid"),
        vapid().replace(", ", ","),
        ", ".join(reversed(vapid().removeprefix("vapid ").split(", "))).join(["vapid ", ""]),
        vapid().replace("t=", 't="').replace(", k=", '", k="') + '"',
        vapid() + ", x=1",
        vapid(exp=NOW + 86_400),
        vapid(exp=NOW + 1),
        vapid(sub="https://example.com"),
        vapid(sub="https://example.com:8443/contact?x=1"),
    ],
)
def test_the_subscriptions_own_server_may_push(authorization: str) -> None:
    assert reason(authorization) == ""


@pytest.mark.parametrize(
    ("authorizations", "expected"),
    [
        ([], "Unauthorized"),
        (["bearer x"], "Unauthorized"),
        ([""], "Unauthorized"),
        (["WebPush x"], "Unauthorized"),
        ([vapid(), vapid()], "BadVapid"),
        (["vapid"], "BadVapid"),
        (["vapid t=x"], "BadVapid"),
        (["vapid k=x"], "BadVapid"),
        ([vapid() + ", k=x"], "BadVapid"),
        ([vapid() + ", junk"], "BadVapid"),
        ([vapid(shown="B")], "BadVapid"),
        ([vapid(shown=raw_point(VAPID_KEY) + "=")], "BadVapid"),
        ([vapid().replace("t=", "t=x.")], "BadJwtToken"),
        ([vapid(key=OTHER_KEY, shown=raw_point(VAPID_KEY))], "BadJwtToken"),
        ([vapid(key=OTHER_KEY)], "VapidKeyMismatch"),
        ([vapid(aud="https://example.com")], "BadJwtToken"),
        ([vapid(aud=ORIGIN + "/")], "BadJwtToken"),
        ([vapid(aud=[ORIGIN])], "BadJwtToken"),
        ([vapid(aud=None)], "BadJwtToken"),
        ([vapid(exp=None)], "BadJwtToken"),
        ([vapid(exp=NOW)], "BadJwtToken"),
        ([vapid(exp=NOW + 86_401)], "BadJwtToken"),
        ([vapid(exp=str(NOW + 60))], "BadJwtToken"),
    ],
)
def test_each_fault_has_its_reason(authorizations: list[str], expected: str) -> None:
    assert reason(*authorizations) == expected


@pytest.mark.parametrize(
    "sub",
    [
        None,
        "",
        5,
        "ops@example.com",
        "mailto: ops@example.com",
        "mailto:<ops@example.com>",
        "mailto:ops@localhost",
        "mailto:ops@host.local",
        "mailto:ops@host",
        "http://example.com",
        "https://localhost/x",
        "https://user@example.com",
        "tel:+1",
    ],
)
def test_the_subject_must_be_an_address_that_people_could_use(sub: object) -> None:
    assert reason(vapid(sub=sub)) == "BadJwtToken"
