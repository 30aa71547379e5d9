"""The certificates that we show to phones and connectors: when they end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

from ringwake.config.schema import Config
from ringwake.model.check import Check, Verdict
from ringwake.push.checks.credentials import expiry_check


class OwnCertificates:
    """Those that the configuration names. They are read when somebody asks: they may have been renewed."""

    def __init__(self, config: Config, base: Path) -> None:
        """Take their files; `base` is where relative paths begin."""
        named = [(f"listen[{number}]", listen.certificate) for number, listen in enumerate(config.listen)]
        if config.public is not None:
            named.append(("public", config.public.certificate))
        if config.connectors is not None:
            named.append(("connectors", config.connectors.certificate))
        self._files = {name: base / file for name, file in named if file}

    def ends(self) -> Mapping[tuple[str, ...], float]:
        """Return the end of each in epoch seconds, by its place in the configuration; a broken file has none."""
        return {(name,): end for name, file in self._files.items() if (end := _end(file)) is not None}

    def checks(self, *, wall: float) -> list[Check]:
        """Warn of those that end soon; `wall` is epoch seconds now."""
        found: list[Check] = []
        for name, file in self._files.items():
            end, check = _end(file), f"certificate {name}"
            if end is None:
                cause, mend = f"{file} cannot be read: the old one stays in use", "put a certificate in PEM there"
                found.append(Check(name=check, verdict=Verdict.FAIL, cause=cause, mend=mend))
            else:
                days = int((end - wall) / 86400)
                good = Check(name=check, verdict=Verdict.OK, cause=f"good for {days} days")
                found.append(expiry_check(check, str(file), end, wall=wall) or good)
        return found


def _end(file: Path) -> float | None:
    try:
        chain = load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return None
    # Of a chain the one that ends first: then no phone trusts it any more.
    return min(certificate.not_valid_after_utc.timestamp() for certificate in chain)
