"""Lists of servers that are wrong in part, or take memory: a bad group costs itself and is said once."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporter.clock import SystemClock
from exporter.config.discovery import FileSection, HttpSection
from exporter.connection.names import Name
from exporter.discovery.base import Made, Template
from exporter.discovery.file import FileSource
from exporter.discovery.groups import Groups
from exporter.discovery.listing import read_json
from exporter.discovery.manager import Discovery
from exporter.errors import DiscoveryError
from exporter.jobs import JobScheduler

GOOD = {"targets": ["good:1"]}


def groups() -> Groups:
    return Groups(Template.of(HttpSection.model_validate({"url": "http://x"})))


def names(made: Made) -> list[str]:
    return [found.target.instance for found in made.found]


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"targets": ["a:1"], "labels": {"team name": "a"}}, '"team name" is not a label name'),
        ({"targets": ["a:1"], "labels": {"": "a"}}, '"" is not a label name'),
        ({"targets": ["a:1"], "labels": {"é": "a"}}, "is not a label name"),
        ({"targets": ["a:1"], "labels": {"\udcff": "a"}}, "is not a label name"),
        ({"targets": ["a:1"], "labels": {"x": 1}}, "[0].labels.x must be a text"),
        ({"targets": ["a:1"], "labels": {"x": {"y": "z"}}}, "[0].labels.x must be a text"),
        ({"targets": ["a:1"], "labels": "x"}, "[0].labels must be a mapping"),
        ({"targets": ["a:1"], "labels": {f"l{n}": "x" for n in range(300)}}, "more than 256 labels"),
        ({"targets": ["a:1"], "labels": {f"l{n}": "x" for n in range(100)}}, "more than 64 labels"),
        ({"targets": ["a:1"], "labels": {"x": "y" * 5_000}}, "more than 4,096 characters"),
        ({"targets": ["a:1"], "extra": 1}, '"extra": there are targets and labels only'),
        ({"targets": [1]}, "[0].targets[0] must be a text"),
        ({"targets": ["http://a"]}, "must begin with redis://"),
        ({"targets": ["a" * 2_000]}, "longer than 1,024 characters"),
        ({"targets": "a:1"}, "must hold a list of targets"),
        (None, "must hold a list of targets"),
        ([["a"]], "must hold a list of targets"),
    ],
)
def test_a_bad_group_costs_itself(group: Any, message: str) -> None:
    made = groups().read([group, GOOD])
    assert names(made) == ["good:1"]
    (refused,) = made.refused
    assert message in refused
    with pytest.raises(DiscoveryError):
        groups().read([group])


def test_a_server_that_was_listed_rightly_stays_while_its_group_is_bad() -> None:
    source = groups()
    assert names(source.read([{"targets": ["a:1"], "labels": {"x": "y"}}])) == ["a:1"]
    made = source.read([{"targets": ["a:1", "new:1"], "labels": {"team name": "y"}}, GOOD])
    assert names(made) == ["a:1", "good:1"]
    assert made.found[0].target.labels.get("x") == "y"
    assert names(source.read([GOOD])) == ["good:1"]


def test_half_a_surrogate_pair_is_replaced_as_by_prometheus() -> None:
    made = groups().read(read_json(b'[{"targets": ["a:1"], "labels": {"x": "\\udcff", "y": "\xff"}}]'))
    assert made.found[0].target.labels.as_dict() == {"x": "\ufffd", "y": "\ufffd"}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[NaN]",
        b"[] x",
        b"[1 2]",
        b"[1,]",
        b"",
        b"\xff",
        b"[" + b"[]," * 600_000 + b"[]]",
    ],
)
def test_texts_that_are_no_list(body: bytes) -> None:
    with pytest.raises(DiscoveryError):
        groups().read(read_json(body))


@pytest.mark.parametrize("data", [[], [1, "a", None], [{"a": [1, {}]}], {}, "text", 1.5, None])
def test_what_is_json_is_read_as_such(data: Any) -> None:
    assert read_json(json.dumps(data, indent=1).encode()) == data


def _source(folder: Path) -> FileSource:
    files = (str(folder / "*.json"), str(folder / "*.yml"))
    return FileSource(FileSection.model_validate({"files": files}))


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 9)]
    return "\n".join([*lines, "last: *a8"])


def _make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("bad.yml", lambda path: path.write_text(_bomb())),
        ("bad.yml", lambda path: path.write_text("- targets: [a:1]\n  targets: [b:1]\n")),
        ("bad.yml", lambda path: path.write_text("[" * 10_000)),
        ("bad.yml", lambda path: path.write_bytes(b"\xff\xfe")),
        ("bad.json", lambda path: path.write_text("")),
        ("bad.json", lambda path: path.write_bytes(b" " * (9 << 20))),
        ("bad.yml", _make_fifo),
        ("bad.yml", _make_folder),
    ],
)
def test_a_bad_file_keeps_its_servers_and_costs_no_others(
    tmp_path: Path, name: str, break_it: Callable[[Path], object]
) -> None:
    (tmp_path / name).write_text(json.dumps([{"targets": ["kept:1"]}]))
    (tmp_path / "good.json").write_text(json.dumps([GOOD]))
    source = _source(tmp_path)

    async def find() -> list[str]:
        return sorted(found.target.instance for found in await source.find())

    assert asyncio.run(find()) == ["good:1", "kept:1"]
    break_it(tmp_path / name)
    (tmp_path / "good.json").write_text(json.dumps([{"targets": ["other:1"]}]))
    assert asyncio.run(find()) == ["kept:1", "other:1"]
    assert len(source.refused) == 1
    assert name in source.refused[0]


def test_another_version_of_a_bad_file_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps([GOOD]))
    source = _source(tmp_path)
    told = []
    for text in (_bomb(), _bomb() + "\nmore: x\n"):
        (tmp_path / "bad.yml").write_text(text)
        asyncio.run(source.find())
        told.append(source.refused)
    assert told[0] != told[1]


def test_what_is_wrong_is_said_once_and_again_when_it_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a.json"

    def write(label: str) -> None:
        group = {"targets": ["a:1"], "labels": {label: "x"}}
        file.write_text(json.dumps([group, GOOD]))

    async def run() -> None:
        source = _source(tmp_path)
        source.interval_seconds = 0.01
        discovery = Discovery([source], lambda: None)
        jobs = JobScheduler([], SystemClock(), CollectorRegistry())
        await jobs.start()

        def is_noticed(label: str, refused: int) -> bool:
            if label == "good":
                return "taken again" in caplog.text
            return discovery.refused[source.name] >= refused + 5

        for label in ("one bad", "another bad", "good"):
            write(label)
            if label == "one bad":
                discovery.start(jobs)
            refused = discovery.refused[source.name]
            async with asyncio.timeout(60):
                while not is_noticed(label, refused):  # noqa: ASYNC110  # a counter and a log tell
                    await asyncio.sleep(0.01)
        await discovery.stop()
        await jobs.stop()

    caplog.set_level("INFO")
    asyncio.run(run())
    told = [record.getMessage() for record in caplog.records]
    assert told.count("a source lists what cannot be taken") == 2
    assert told.count("all that a source lists is taken again") == 1


def test_a_resolver_that_stops_answering_leaves_the_last_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        name = Name("hook.example.com", "receivers")
        name.note(("192.0.2.1",), 0.0)
        asked: list[str] = []
        answers = asyncio.Event()
        loop = asyncio.get_running_loop()

        def hang(host: str) -> tuple[str, ...]:
            asked.append(host)
            asyncio.run_coroutine_threadsafe(answers.wait(), loop).result(30)
            return ("192.0.2.2",)

        monkeypatch.setattr("exporter.connection.names.look_up", hang)
        for _ in range(3):
            assert await name.to_connect(80, 0.05) == ["192.0.2.1"]
        assert asked == ["hook.example.com"]
        answers.set()
        assert await name.to_connect(80, 30) == ["192.0.2.2"]

    asyncio.run(run())
