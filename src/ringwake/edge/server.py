"""The edge as the stack sees it: events in, effects performed, one timer."""

from __future__ import annotations

from ringwake.edge import message, recovery, refresh, upkeep
from ringwake.edge.core import Core
from ringwake.edge.dispatch import acknowledge, request
from ringwake.edge.perform import Performer
from ringwake.edge.upstream.standing import reached, restore
from ringwake.model.effects import NOTHING, Effects, Note
from ringwake.model.events import Event as Happening
from ringwake.model.events import Field, Happened
from ringwake.model.store_ops import Recovered
from ringwake.model.tenant import Tenant
from ringwake.sip import methods
from ringwake.sip.flow import Flow
from ringwake.sip.transactions.events import (
    AckArrived,
    Dropped,
    Event,
    RequestArrived,
    RequestFailed,
    ResponseArrived,
)
from ringwake.wake.refresh import RefreshPolicy


class Server:
    """Takes what the transaction layer, the transports and the clock report."""

    def __init__(
        self,
        core: Core,
        performer: Performer,
        *,
        refresh_policy: RefreshPolicy,
        forgetting: upkeep.Forgetting | None = None,
        now: float,
    ) -> None:
        self._core = core
        self._performer = performer
        performer.pushed = core.calls.pushed
        for owner_id, owner in (
            (refresh.OWNER, refresh.Refresher(core, refresh_policy, now)),
            (upkeep.OWNER, upkeep.Upkeep(core, now, forgetting)),
        ):
            core.calls.add(owner_id, owner, transaction=None)
            core.calls.keep(owner_id, NOTHING, now)

    def receive(self, event: Event, now: float) -> None:
        """Take an event of the transaction layer."""
        self._performer.run(self._effects(event, now), now)

    def opened(self, flow: Flow, now: float) -> None:
        """Take note of a connection."""
        self._note(Happened.FLOW_OPENED, flow, now)

    def closed(self, flow: Flow, now: float) -> None:
        """Take note that a connection is gone: the phones behind it are asleep."""
        self._core.presence.closed(flow)
        self._note(Happened.FLOW_CLOSED, flow, now)

    def pbx_changed(self, tenant: Tenant, now: float, *, is_up: bool) -> None:
        """Take note that the way to a tenant's PBX is open again, or gone."""
        self._performer.run(reached(self._core, tenant, now, is_up=is_up), now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._core.calls.get_timer()

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        for effects in self._core.calls.handle_timer(now):
            self._performer.run(effects, now)

    def recover(self, found: Recovered, now: float, adopt: recovery.Adopt) -> None:
        """Take up what an earlier life of the process left open."""
        self._performer.run(recovery.recover(self._core, found, now, adopt=adopt), now)
        self._performer.run(message.recover(self._core, found, now), now)
        self._performer.run(restore(self._core, now), now)

    def _effects(self, event: Event, now: float) -> Effects:
        calls = self._core.calls
        match event:
            case RequestArrived():
                return request(self._core, event, now)
            case AckArrived():
                return acknowledge(self._core, event)
            case ResponseArrived(method=methods.CANCEL) | RequestFailed(method=methods.CANCEL):
                return NOTHING  # it has the branch of its INVITE, which is answered by itself
            case ResponseArrived(branch=branch, response=response):
                return calls.response(branch, response, now)
            case RequestFailed(branch=branch, failure=failure):
                return calls.failed(branch, failure, now)
            case Dropped(rule=rule):
                return (Note(Happening(Happened.REQUEST_DROPPED, now, "", {"rule": rule})),)

    def _note(self, what: Happened, flow: Flow, now: float) -> None:
        fields: dict[str, Field] = {"transport": flow.transport.value, "remote": str(flow.remote)}
        self._performer.run((Note(Happening(what, now, "", fields)),), now)
