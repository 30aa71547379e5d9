"""`covered_pytest.py DATA_FILE PYTEST_ARGUMENT...`: one pytest run that remembers which test file covered which line.

Each test file is a coverage context. The pure modules are imported before anything else in a context of their own, so
what an import covers counts for everybody and what a test covers for its file alone, in whatever order the files run.
"""

import importlib
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType

import coverage
import pytest

from own_coverage import IMPORT, pure_files
from quiet_run import ROOT


class Contexts:
    """A pytest plugin that switches the coverage context with the test file."""

    def __init__(self, measured: coverage.Coverage, modules: list[ModuleType]) -> None:
        self._measured = measured
        self._current = ""
        # What another file's tests have left in a cache would hide that a file does not cover its own.
        self._caches = [value for module in modules for value in vars(module).values() if hasattr(value, "cache_clear")]

    def _switch(self, path: Path) -> None:
        context = path.relative_to(ROOT).as_posix()
        if context != self._current:
            self._current = context
            self._measured.switch_context(context)
            for cache in self._caches:
                cache.cache_clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A test file's own import may call the code under test, to build parameters."""
        if isinstance(collector, pytest.Module):
            self._switch(collector.path)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool | None, bool | None]:
        """Fixtures included: what they call is called for this file."""
        self._switch(item.path)
        return (yield)


def _import_pure() -> Iterator[ModuleType]:
    for file in pure_files():
        name = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        try:
            yield importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  # its own test file reports it, with a traceback
            print(f"{name} cannot be imported: {error!r}", file=sys.stderr)


def main(data_file: str, *arguments: str) -> int:
    """Run pytest under coverage; return its exit code."""
    measured = coverage.Coverage(data_file=data_file, config_file=str(ROOT / "pyproject.toml"))
    measured.set_option("run:core", "ctrace")  # the newer core reports a line once, not once a context
    measured.erase()
    measured.start()
    measured.switch_context(IMPORT)
    modules = list(_import_pure())
    exit_code = pytest.main(list(arguments), plugins=[Contexts(measured, modules)])
    measured.stop()
    measured.save()
    return int(exit_code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
