"""When the certificates end that we show to phones and connectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.authority import Authority

from ringwake.app.own_certificates import OwnCertificates
from ringwake.config.schema import Config, ConnectorsSection, ListenSection, PublicSection
from ringwake.model.check import Verdict

END = datetime(2030, 1, 31, tzinfo=UTC)
DAY = 86400.0


def certificates(folder: Path) -> OwnCertificates:
    pair = Authority(folder).issue("ringwake.test", until=END)
    listen = ListenSection(transport="tls", address="127.0.0.1:0", certificate=str(pair.certificate), key=str(pair.key))
    return OwnCertificates(Config(listen=[ListenSection(transport="udp", address="127.0.0.1:0"), listen]), folder)


def test_the_end_of_each_is_known_by_its_place(tmp_path: Path) -> None:
    assert certificates(tmp_path).ends() == {("listen[1]",): END.timestamp()}


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [
        (100, Verdict.OK, "good for 100 days"),
        (13, Verdict.WARN, "expires in 13 days"),
        (-1, Verdict.FAIL, "has expired"),
    ],
)
def test_one_that_ends_soon_is_warned_of(days: int, verdict: Verdict, words: str, tmp_path: Path) -> None:
    wall = (END - timedelta(days=days)).timestamp()
    (check,) = certificates(tmp_path).checks(wall=wall)
    assert (check.name, check.verdict) == ("certificate listen[1]", verdict)
    assert words in check.cause
    assert bool(check.mend) == (verdict is not Verdict.OK)


def test_a_renewed_one_is_read_anew(tmp_path: Path) -> None:
    known = certificates(tmp_path)
    (tmp_path / "other").mkdir()
    later = Authority(tmp_path / "other").issue("ringwake.test", until=END + timedelta(days=90))
    old = Path(next(iter(known._files.values())))
    old.write_bytes(later.certificate.read_bytes())
    assert known.ends() == {("listen[1]",): END.timestamp() + 90 * DAY}


def test_one_that_cannot_be_read_has_no_end_and_fails(tmp_path: Path) -> None:
    known = certificates(tmp_path)
    Path(next(iter(known._files.values()))).write_bytes(b"half")
    assert known.ends() == {}
    (check,) = known.checks(wall=0.0)
    assert (check.verdict, "cannot be read" in check.cause) == (Verdict.FAIL, True)


def test_those_of_the_phones_api_and_of_connectors_are_among_them(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("ringwake.test", until=END)
    files = {"certificate": str(pair.certificate), "key": str(pair.key)}
    config = Config(
        public=PublicSection(listen="127.0.0.1:0", **files),
        connectors=ConnectorsSection(listen="127.0.0.1:0", **files),
    )
    assert set(OwnCertificates(config, tmp_path).ends()) == {("public",), ("connectors",)}
