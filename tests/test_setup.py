"""Claims about the doors: locked sets, set-up, system packages, the running of tests."""

import json
from pathlib import Path

import pytest

import system_packages
from debian_tree import find_mirror
from find_uv import environment, pinned_version
from locks import BUILD, NODE_LOCK, PEERS, SETS, SIPPY, is_stale, lock_of, read_pyproject
from own_coverage import HOUSE, own_test, ranges
from peers import node_environment
from quiet_run import ROOT, ProgramFailedError, SetupError, explain, run
from suite_parts import Outcome, closing_line, find_parts, read_report, table

LOCKS = [*map(lock_of, SETS), BUILD, SIPPY, PEERS, ROOT / "requirements/uv.txt"]


@pytest.mark.parametrize("name", SETS)
def test_locks_are_as_new_as_pyproject(name: str) -> None:
    assert not is_stale(lock_of(name), read_pyproject()), "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    entries = [
        entry for entry in text.replace("\\\n", " ").splitlines() if entry and not entry.lstrip().startswith("#")
    ]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_every_package_of_npm_has_a_hash_and_no_address() -> None:
    packages = json.loads(NODE_LOCK.read_text())["packages"]
    project = packages.pop("")
    assert project["dependencies"] == json.loads(NODE_LOCK.with_name("package.json").read_text())["dependencies"]
    assert {f"node_modules/{name}" for name in project["dependencies"]} < packages.keys()
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())


def test_run_set_is_a_part_of_the_test_set() -> None:
    run_set, test_set = (
        {line.split()[0] for line in lock_of(name).read_text().splitlines() if "==" in line} for name in SETS
    )
    assert run_set < test_set


def test_uv_is_pinned() -> None:
    assert pinned_version()[0].isdigit()


def test_pip_settings_reach_uv(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    env = environment({"HOME": str(tmp_path), "PIP_CERT": str(bundle), "PIP_INDEX_URL": "https://index.test/simple"})
    assert env["SSL_CERT_FILE"] == str(bundle)
    assert env["UV_DEFAULT_INDEX"] == "https://index.test/simple"
    assert env["UV_PYTHON_DOWNLOADS"] == "never"


def test_npm_trusts_what_pip_trusts_and_keeps_out_of_the_home(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    env = node_environment({"HOME": str(tmp_path), "SSL_CERT_FILE": str(bundle)})
    assert env["NODE_EXTRA_CA_CERTS"] == str(bundle)
    assert env["npm_config_cache"] == str(ROOT / ".cache/npm")


def test_a_bundle_that_is_not_there_is_named() -> None:
    with pytest.raises(SetupError, match="SSL_CERT_FILE names /nowhere"):
        environment({"SSL_CERT_FILE": "/nowhere"})


@pytest.mark.parametrize(
    ("printed", "mend"),
    [
        ("cause: invalid peer certificate: UnknownIssuer", "ca-certificates"),
        ("ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED]", "ca-certificates"),
        ("Temporary failure resolving 'deb.test'", "See to the network"),
        ("tcp connect error: Connection refused", "See to the network"),
        ("npm error code EAI_AGAIN", "See to the network"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "ca-certificates"),
    ],
)
def test_what_the_network_has_to_do_with_a_failure_is_one_sentence(
    printed: str, mend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ProgramFailedError) as caught:
        run(["sh", "-c", 'echo noise; echo "$0" >&2; exit 3', printed])
    explain(caught.value)
    said = capsys.readouterr().err
    assert said.startswith("Stopped: ")
    assert said.count("\n") == 1
    assert mend in said


def test_what_a_program_printed_before_it_failed_for_another_reason_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ProgramFailedError) as caught:
        run(["sh", "-c", "echo no space; exit 3"])
    explain(caught.value)
    assert capsys.readouterr().err.splitlines()[0] == "no space"


def test_package_list_has_comments() -> None:
    assert system_packages.read_list("# why\n\nsip-tester  # sipp\ndbus\n") == ["sip-tester", "dbus"]


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 0\n"])
def test_policy_is_put_back_also_after_a_failure(tmp_path: Path, before: str | None) -> None:
    policy = tmp_path / "policy-rc.d"
    if before:
        policy.write_text(before)

    def fail_inside() -> None:
        with system_packages.no_daemons(policy):
            assert policy.read_text() == system_packages.DENY_ALL
            raise SetupError("no network")

    with pytest.raises(SetupError):
        fail_inside()
    assert [path.read_text() for path in tmp_path.iterdir()] == ([before] if before else [])


def test_policy_of_a_killed_run_goes(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text(system_packages.DENY_ALL)
    with system_packages.no_daemons(policy):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\n", "http://mirror.test/debian"),
        ("deb [signed-by=/k.gpg] http://mirror.test/debian/ bookworm main\n", "http://mirror.test/debian/"),
        ("# deb http://mirror.test/debian x main\ndeb http://other.test/cloud y main\n", None),
    ],
)
def test_mirror_is_read_from_apt(sources: str, expected: str | None) -> None:
    assert find_mirror(sources) == expected


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("secret.py", "tests/test_secret.py"),
        ("sip/transactions/machine.py", "tests/sip/transactions/test_machine.py"),
        ("sip/__init__.py", "tests/sip/test_sip.py"),
    ],
)
def test_own_test_mirrors_the_file(file: str, test: str) -> None:
    assert own_test(HOUSE / file) == ROOT / test


def test_ranges_are_short() -> None:
    assert list(ranges([3, 4, 5, 9, 11, 12])) == ["3-5", "9", "11-12"]


def test_parts_are_found_in_order(tmp_path: Path) -> None:
    for file in ("scenario/test_call.py", "sip/test_uri.py", "support/test_bed.py", "test_secret.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "contract").mkdir()
    found = {part.name: [path.name for path in part.paths] for part in find_parts(tmp_path)}
    assert found == {"unit": ["sip", "test_secret.py"], "scenario": ["scenario"]}


REPORT = """<testsuites><testsuite>
<testcase classname="a" name="ok"/>
<testcase classname="a" name="bad"><failure message="x"/></testcase>
<testcase classname="a" name="known"><skipped type="pytest.xfail" message="later"/></testcase>
<testcase classname="a" name="skip"><skipped type="pytest.skip" message="no sipp"/></testcase>
</testsuite></testsuites>"""


def test_report_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    outcome = read_report("unit", report, 1, 2.5)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (2, 1, 1)
    assert outcome.skips == ["a.skip: no sipp"]
    assert "a.skip: no sipp" in table([outcome])
    gate = Outcome(name="coverage", passed=9, failed=1, of_files=True)
    assert closing_line([outcome, outcome, gate]) == "4 passed, 3 failed, 2 skipped"


def test_a_pytest_that_died_is_a_failure(tmp_path: Path) -> None:
    assert read_report("unit", tmp_path / "none.xml", -11, 1.0) == Outcome(name="unit", failed=1, seconds=1.0)
