"""Which flow leads to which phone right now. Known to this process only; a REGISTER after a restart fills it again."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ringwake.model.binding import Binding
from ringwake.sip.flow import Flow


class Presence:
    """The newest flow of each binding, and the bindings of each flow and of each address of record."""

    def __init__(self, is_open: Callable[[Flow], bool]) -> None:
        self._is_open = is_open
        self._flows: dict[str, Flow] = {}
        self._bindings: dict[Flow, dict[str, str]] = {}
        self._by_aor: dict[str, dict[str, None]] = {}
        self._phones: dict[str, str] = {}
        """Which phone a binding is of, empty when it is behind a proxy. A phone may have a binding for each account."""

    def registered(self, binding: Binding) -> Flow | None:
        """Take note of the flow of a REGISTER that is on disk; it may have closed meanwhile.

        Returns the flow that the phone has left by that, if it is the phone's alone. Its other accounts do not count:
        they follow. A flow to a proxy is nobody's alone: it serves whom we do not know.
        """
        before, was, phone = (
            self._flows.get(binding.id),
            self._phones.get(binding.id),
            binding.instance or binding.phone,
        )
        self.gone(binding.id)
        if self._is_open(binding.flow):
            self._flows[binding.id] = binding.flow
            self._bindings.setdefault(binding.flow, {})[binding.id] = binding.aor
            self._by_aor.setdefault(binding.aor, {})[binding.id] = None
            self._phones[binding.id] = "" if binding.path else phone
        if before is None or before == binding.flow:
            return None
        owners = {was, *(self._phones[other] for other in self._bindings.get(before, ()))}
        return before if owners == {phone} else None

    def retain(self, aor: str, bindings: Collection[str]) -> None:
        """Forget the bindings of an address of record but for these: the others were removed, or have expired."""
        for binding in [known for known in self._by_aor.get(aor, {}) if known not in bindings]:
            self.gone(binding)

    def gone(self, binding: str) -> None:
        """Forget a binding that was removed."""
        flow = self._flows.get(binding)
        if flow is not None:
            bindings = self._bindings[flow]
            self._forget(binding, bindings.pop(binding))
            if not bindings:
                del self._bindings[flow]

    def closed(self, flow: Flow) -> None:
        """Forget a flow: the phones behind it are asleep, their bindings stay (standards A14)."""
        for binding, aor in self._bindings.pop(flow, {}).items():
            self._forget(binding, aor)

    def flow_of(self, binding: str) -> Flow | None:
        """Return the live flow of a binding, if it has one."""
        flow = self._flows.get(binding)
        return flow if flow is not None and self._is_open(flow) else None

    def binding_of(self, flow: Flow, aor: str) -> str:
        """Return the binding of an address of record behind a flow, or an empty text.

        A phone may have several accounts on one flow, and behind one address of a proxy there may be many phones.
        """
        return next((binding for binding, known in self._bindings.get(flow, {}).items() if known == aor), "")

    def is_open(self, flow: Flow) -> bool:
        """Tell whether bytes can be sent down a flow now."""
        return self._is_open(flow)

    def __len__(self) -> int:
        return len(self._flows)

    def _forget(self, binding: str, aor: str) -> None:
        del self._flows[binding]
        del self._phones[binding]
        same_aor = self._by_aor[aor]
        del same_aor[binding]
        if not same_aor:
            del self._by_aor[aor]
