"""The live tests of queues run where the frameworks may be installed; else they say that they did not."""

import os
from collections.abc import Iterator

import pytest

from tests.live.queues.environments import VARIABLE

_REQUIRE = "VIGIL_REQUIRE_PEERS"
_WITH_FRAMEWORKS = ("test_frameworks.py", "test_finding.py", "test_counters.py")
_LEFT_OUT = pytest.StashKey[int]()


@pytest.fixture(scope="session", autouse=True)
def _environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder for the frameworks: the one that is named, or where they are required one of our own."""
    if VARIABLE in os.environ:
        yield
        return
    os.environ[VARIABLE] = str(tmp_path_factory.mktemp("queue-peers"))
    yield
    del os.environ[VARIABLE]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a place to install them, and unless required, nothing is fetched from package registries."""
    if os.environ.get(VARIABLE) or os.environ.get(_REQUIRE):
        return
    ours = [item for item in items if item.path.name in _WITH_FRAMEWORKS]
    config.stash[_LEFT_OUT] = len(ours)
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what did not run."""
    left_out = config.stash.get(_LEFT_OUT, 0)
    if left_out:
        what = f"{left_out} tests of queues against the real frameworks"
        terminalreporter.write_line(
            f"not run here: {what}; {VARIABLE} names the folder to install them in", yellow=True
        )
