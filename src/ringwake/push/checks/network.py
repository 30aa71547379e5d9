"""What `ringwake doctor` says of the way to a push service, and of our clock by the services' own."""

from __future__ import annotations

from collections.abc import Mapping

from ringwake.model.check import Check, Verdict
from ringwake.push.access import Reach
from ringwake.push.checks.reach import Reached, reach
from ringwake.push.errors import PushError

SECONDS = 6.0
"""For each host."""
SKEW_WARN, SKEW_FAIL = 60.0, 300.0
"""Seconds by which clocks may differ. Apple refuses tokens of another hour, Google those of another ten minutes."""
_APPLES_OTHER_PORT = 2197
_MENDS = {
    "unknown host": "see that this machine resolves names (/etc/resolv.conf), and how `endpoint` is spelt",
    "unknown proxy": "see how `proxy` is spelt",
    "connection refused": "let this machine open connections to that host and port: firewall, route, IPv6",
    "no answer in time": "let this machine open connections to that host and port: firewall, route, IPv6",
    "invalid peer certificate": "see that nothing in between opens TLS; for a service of your own name its authority "
    "in `ca_file`; install ca-certificates",
    "unusable client certificate": "see `client_certificate` and `client_key`",
    "TLS failed": "see that the host speaks TLS 1.2 or newer there, and asks for no certificate that it does not get",
}
_OF_PROXY = "see `proxy`, its user and password, and whether it lets CONNECT through to that host and port"


async def network_check(name: str, origin: str, access: Reach) -> tuple[Check, Reached | None]:
    """Reach a host, and say how that went.

    Args:
        name: of the check.
        origin: `https://host[:port]`.
        access: see `reach`.
    """
    host = origin.removeprefix("https://")
    try:
        reached = await reach(origin, access, within=SECONDS)
    except PushError as error:
        mend = _OF_PROXY if error.reason.startswith("proxy") else _MENDS.get(error.reason, "")
        cause = f"{host} is not reached: {error.reason}"
        if await _has_other_port(origin, access):
            cause += f"; its port {_APPLES_OTHER_PORT} is"
            mend = f'let port 443 through, or set endpoint = "{origin}:{_APPLES_OTHER_PORT}"'
        mend = mend or "see the network between here and it"
        return Check(name=name, verdict=Verdict.FAIL, cause=cause, mend=mend), None
    way = "by the proxy" if access.proxy is not None else reached.address
    if reached.http < 2:
        mend = "see that nothing in between takes HTTP/2 away: Apple speaks nothing else, others become slow"
        return Check(name=name, verdict=Verdict.WARN, cause=f"{host} ({way}) speaks HTTP/1.1 only", mend=mend), reached
    cause = f"{host} is reached ({way}), HTTP/2, its certificate is good"
    return Check(name=name, verdict=Verdict.OK, cause=cause), reached


def clock_check(skews: Mapping[str, float]) -> list[Check]:
    """Judge our clock.

    Args:
        skews: seconds by which a service is ahead of us, by its host. Empty: none has told the time.
    """
    if not skews:
        return []
    host, skew = min(skews.items(), key=lambda item: abs(item[1]))  # one service may be wrong, several are not
    size = abs(skew)
    if size <= SKEW_WARN:
        return [Check(name="clock", verdict=Verdict.OK, cause=f"our clock agrees with that of {host}")]
    cause = f"our clock is {size:.0f} s {'behind' if skew > 0 else 'ahead of'} that of {host}"
    verdict = Verdict.WARN if size <= SKEW_FAIL else Verdict.FAIL
    return [Check(name="clock", verdict=verdict, cause=cause, mend="let this machine keep time: chrony, NTP")]


async def _has_other_port(origin: str, access: Reach) -> bool:
    """Tell whether Apple is reached by the port that firewalls often forget to close."""
    if not origin.endswith("push.apple.com"):
        return False
    try:
        await reach(f"{origin}:{_APPLES_OTHER_PORT}", access, within=SECONDS)
    except PushError:
        return False
    return True
