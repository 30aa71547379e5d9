"""Which flow leads to which phone right now. Known to this process only; a REGISTER after a restart fills it again."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.binding import Binding
from ringwake.sip.flow import Flow


class Presence:
    """The newest flow of each binding, and the bindings of each flow."""

    def __init__(self, is_open: Callable[[Flow], bool]) -> None:
        self._is_open = is_open
        self._flows: dict[str, Flow] = {}
        self._bindings: dict[Flow, dict[str, str]] = {}

    def registered(self, binding: Binding) -> None:
        """Take note of the flow of a REGISTER that is on disk."""
        self.gone(binding.id)
        self._flows[binding.id] = binding.flow
        self._bindings.setdefault(binding.flow, {})[binding.id] = binding.aor

    def gone(self, binding: str) -> None:
        """Forget a binding that was removed."""
        flow = self._flows.pop(binding, None)
        if flow is not None:
            bindings = self._bindings.get(flow, {})
            bindings.pop(binding, None)
            if not bindings:
                self._bindings.pop(flow, None)

    def closed(self, flow: Flow) -> None:
        """Forget a flow: the phones behind it are asleep, their bindings stay (standards A14)."""
        for binding in self._bindings.pop(flow, {}):
            del self._flows[binding]

    def flow_of(self, binding: str) -> Flow | None:
        """Return the live flow of a binding, if it has one."""
        flow = self._flows.get(binding)
        return flow if flow is not None and self._is_open(flow) else None

    def binding_of(self, flow: Flow) -> tuple[str, str]:
        """Return (binding id, AOR) of a phone behind a flow, or two empty texts."""
        return next(iter(self._bindings.get(flow, {}).items()), ("", ""))

    def is_open(self, flow: Flow) -> bool:
        """Tell whether bytes can be sent down a flow now."""
        return self._is_open(flow)
