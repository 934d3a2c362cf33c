"""The daemon built in process: each step of its start fails in turn, and nothing goes on afterwards."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.app import App
from exporter.errors import StateError
from exporter.lifecycle import Lifecycle, Stage
from exporter.reload import Source, load_plan
from exporter.stages import STOPPING
from exporter.web.server import bind

CONFIG = {
    "global": {"sample_interval": "1s", "evaluation_interval": "1s"},
    "storage": {"path": "state"},
    "targets": [{"url": "redis://127.0.0.1:1"}],
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(CONFIG))
    return path


def build(config: Path) -> App:
    source = Source(config)
    return App(load_plan(source), lambda: load_plan(source), bind("127.0.0.1", 0))


@contextlib.asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Fails where a task goes on that was begun meanwhile."""
    before = asyncio.all_tasks()
    yield
    # What was cancelled comes to its end.
    for _ in range(20):
        await asyncio.sleep(0.01)
    left = asyncio.all_tasks() - before
    assert not left, sorted(map(repr, left))


def fail_at(app: App, name: str) -> list[str]:
    """Have a stage fail once it has started; returns the names of those that are stopped, as they are."""
    stopped: list[str] = []
    app.lifecycle = Lifecycle([_watched(one, name, stopped) for one in app.lifecycle.stages], STOPPING)
    return stopped


def _watched(stage: Stage, failing: str, stopped: list[str]) -> Stage:
    async def start() -> None:
        await stage.start()
        if stage.name == failing:
            raise RuntimeError(failing)

    async def stop() -> None:
        stopped.append(stage.name)
        await stage.stop()

    return Stage(stage.name, start, stop, stage.stop_within)


@pytest.mark.parametrize("name", STOPPING)
def test_a_start_that_fails_at_any_step_stops_what_it_began(name: str, config: Path) -> None:
    async def main() -> None:
        app = build(config)
        async with nothing_left():
            stopped, names = fail_at(app, name), [stage.name for stage in app.lifecycle.stages]
            with pytest.raises(RuntimeError, match=name):
                await app.start()
        assert stopped == names[::-1]
        assert not app.readiness.is_ready
        # The socket is closed, and the directory belongs to nobody.
        again = build(config)
        await again.start()
        await again.stop()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("part_of", "method"),
    [
        (lambda app: app.core.state.samples, "restore"),
        (lambda app: app.alerting.forwarder, "apply"),
        (lambda app: app.watching.targets.discovery, "start"),
        (lambda app: app.alerting.rules, "_restore"),
    ],
)
def test_a_step_that_breaks_half_way_is_stopped_as_well(
    part_of: Callable[[App], Any], method: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        app = build(config)

        def break_down(*_: object) -> None:
            raise RuntimeError("half way")

        monkeypatch.setattr(part_of(app), method, break_down)
        async with nothing_left():
            with pytest.raises(RuntimeError, match="half way"):
                await app.start()

    asyncio.run(main())


def test_a_reload_that_waits_for_a_failed_start_changes_nothing(config: Path) -> None:
    async def main() -> None:
        app = build(config)
        fail_at(app, "rules")
        async with nothing_left():
            starting = asyncio.create_task(app.start())
            await asyncio.sleep(0)
            reload = asyncio.create_task(app.reload())
            results = await asyncio.gather(starting, reload, return_exceptions=True)
        assert [type(one).__name__ for one in results] == ["RuntimeError", "ShuttingDownError"]

    asyncio.run(main())


def test_a_part_that_hangs_or_fails_at_the_end_keeps_no_other_from_it() -> None:
    stopped = []

    async def nothing() -> None:
        pass

    async def hang() -> None:
        await asyncio.Event().wait()

    async def fail() -> None:
        raise StateError("full")

    async def stop() -> None:
        stopped.append("well")

    stages = [Stage("a", nothing, hang, 0.1), Stage("b", nothing, fail, 5), Stage("c", nothing, stop, 5)]
    lifecycle = Lifecycle(stages, ["a", "b", "c"])

    async def main() -> None:
        await lifecycle.start()
        await lifecycle.stop()

    asyncio.run(main())
    assert stopped == ["well"]


def test_the_whole_daemon_starts_reloads_and_stops_in_process(config: Path) -> None:
    async def main() -> None:
        app = build(config)
        async with nothing_left():
            await app.start()
            await app.reload()
            assert app.restart_needed == ()
            assert app.reloader.succeeded
            await app.stop()

    asyncio.run(main())
