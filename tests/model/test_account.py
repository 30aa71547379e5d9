"""Claims about accounts."""

from __future__ import annotations

import pickle

import pytest

from ringwake.model.account import Account, Aor, PbxLogin
from ringwake.model.account_ops import ForgetLogins, PutAccount
from ringwake.secret import Secret

LOGIN = PbxLogin(user="1001", password=Secret("canary-word"), realm="pbx")
ALICE = Account(
    aor=Aor("alice@example.com"), tenant="example.com", ha1_md5=Secret("a"), ha1_sha256=Secret("b"), pbx=LOGIN
)


def test_a_guest_has_no_password_and_no_login() -> None:
    guest = Account.guest(Aor("eve@example.com"), "example.com")
    assert (guest.tenant, guest.ha1_md5.reveal(), guest.ha1_sha256.reveal(), guest.pbx) == ("example.com", "", "", None)


@pytest.mark.parametrize("value", [LOGIN, ALICE, PutAccount(account=ALICE)], ids=lambda value: type(value).__name__)
def test_the_password_at_the_pbx_is_not_shown(value: object) -> None:
    assert "canary" not in f"{value!r} {value}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(value)


def test_to_forget_is_a_value() -> None:
    first, second = (ForgetLogins(tenant="example.com", wall=1.0, after=2.0, limit=3) for _ in range(2))
    assert first == second
