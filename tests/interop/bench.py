"""A caller and phones, each a SIPp, around our server; and what is known about their call when it is over."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.interop.exchange import Exchange
from tests.support.capture import Packet, write_pcap
from tests.support.loopback import leased_address
from tests.support.sip_doctor import faults, opinion_on_the_proxy
from tests.support.sipp import Role, Sipp

SCENARIOS = Path(__file__).parent / "sipp"


@dataclass(frozen=True)
class Bench:
    """Where calls are made."""

    ours: Exchange
    folder: Path
    caller: str
    """The caller's transport: udp or tcp."""
    phone: str
    """The transport of the phones."""

    def call(self, caller: str, *callees: str, options: tuple[str, ...] = ()) -> Call:
        """Let phones of one account register, call them, and wait for the good end of it all."""
        account = self.ours.account()
        call_id = f"{caller}-{account}"
        with ExitStack() as stack:

            def start(scenario: str, transport: str, credentials: str = "") -> Sipp:
                role = Role(
                    scenario=SCENARIOS / f"{scenario}.xml",
                    address=stack.enter_context(leased_address()),
                    server=self.ours.address,
                    transport=transport,
                    account=account,
                    call_id=call_id,
                    credentials=credentials,
                    options=options,
                )
                return stack.enter_context(Sipp(role, self.folder))

            phones = [start(name, self.phone, self.ours.credentials(account)) for name in callees]
            for phone in phones:
                phone.until_registered()
            ends = [start(caller, self.caller), *phones]
            for end in ends:
                end.finish()
            return Call(self, call_id, [packet for end in ends for packet in end.packets()])


class Call:
    """A call that is over."""

    def __init__(self, bench: Bench, call_id: str, packets: list[Packet]) -> None:
        self.packets = packets
        """All that the SIPps sent and received."""
        self._events = bench.ours.trace(call_id)["events"]
        self._capture = bench.folder / f"{call_id}.pcap"
        write_pcap(self._capture, packets)

    def count(self, what: str) -> int:
        """Return how often the trace says that something happened."""
        return [event["what"] for event in self._events].count(what)

    @property
    def end(self) -> tuple[str, int]:
        """How the call ended, and the final status that the caller got."""
        (ended,) = (event for event in self._events if event["what"] == "call_ended")
        return ended["end"], ended["status"]

    @property
    def faults(self) -> list[str]:
        """What sip-doctor finds wrong with it."""
        return faults(self._capture)

    @property
    def on_the_proxy(self) -> str:
        """What sip-doctor says about our part in it."""
        return opinion_on_the_proxy(self._capture)
