"""Claims about asking a PBX that does not answer."""

from __future__ import annotations

from ringwake.ua.pbx_probe import Probe


def test_of_a_pbx_that_was_never_heard_one_account_asks_at_once() -> None:
    probe = Probe()
    assert (probe.is_up, probe.may_leave(0.0)) == (False, True)
    probe.account = "alice"
    assert not probe.may_leave(1.0), "one at a time"


def test_the_pauses_double_up_to_the_longest() -> None:
    probe, now, pauses = Probe(base=4.0, most=60.0), 0.0, []
    for _ in range(7):
        probe.account = "alice"
        probe.fail(now, 1.0)
        assert not probe.may_leave(probe.at - 0.1)
        pauses.append(probe.at - now)
        now = probe.at
        assert probe.may_leave(now)
    assert pauses == [8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0]


def test_pauses_are_jittered() -> None:
    probe = Probe(base=4.0)
    probe.fail(0.0, 0.0)
    assert probe.at == 4.0


def test_an_answer_ends_the_outage_and_the_next_one_begins_with_a_probe_at_once() -> None:
    probe = Probe()
    for _ in range(5):
        probe.fail(0.0, 1.0)
    probe.succeed()
    assert (probe.is_up, probe.account, probe.may_leave(999.0)) == (True, "", False)
    probe.lose(1000.0)
    assert (probe.is_up, probe.may_leave(1000.0)) == (False, True)
    probe.fail(1000.0, 1.0)
    assert probe.at == 1008.0


def test_a_sign_of_life_ends_the_pause_unless_the_pbx_has_asked_for_it() -> None:
    probe = Probe()
    probe.fail(0.0, 1.0)
    probe.hurry(1.0)
    assert probe.may_leave(1.0)
    probe.fail(1.0, 1.0, least=120.0)
    probe.hurry(2.0)
    assert not probe.may_leave(120.9)
    assert probe.may_leave(121.0)
    probe.hurry(200.0)
    assert probe.at == 121.0, "it is not put off"
