"""Who an account is to the recipes of the edge, and what was chosen for it."""

from __future__ import annotations

import pytest
from tests.support.tenant_world import TenantWorld, in_tenant_world
from tests.support.world import DOMAIN

from ringwake.model.account import Account, Aor
from ringwake.model.tenant import Upstream

GUEST = Aor(f"guest@{DOMAIN}")


@pytest.mark.parametrize("upstream", [Upstream.PATH, Upstream.CONTACT])
def test_an_account_that_only_its_pbx_knows_has_what_was_chosen_for_it(upstream: Upstream) -> None:
    async def test(world: TenantWorld) -> None:
        assert world.core.account(GUEST) == Account.guest(GUEST, DOMAIN)
        world.choose("guest", do_not_disturb=True)
        found = world.core.account(GUEST)
        assert found is not None
        assert found.settings.calls.do_not_disturb

    in_tenant_world(test, upstream=upstream, pbx="sip:10.9.9.9:5060;transport=udp")


@pytest.mark.parametrize("upstream", [Upstream.NONE, Upstream.VAULT])
def test_what_was_chosen_makes_no_account_where_none_is(upstream: Upstream) -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("guest", do_not_disturb=True)
        assert world.core.account(GUEST) is None
        assert world.core.account(Aor("guest@elsewhere.example")) is None

    in_tenant_world(test, upstream=upstream)
