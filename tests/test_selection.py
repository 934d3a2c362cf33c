"""Which servers a daemon watches: by the top-level relabel_configs, and by its shard."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from exporter.config.main import Config
from exporter.discovery.base import Found
from exporter.errors import ConfigError
from exporter.model.labels import Labels
from exporter.model.shard import Shard
from exporter.model.target import Address, Credentials, Target, Tls
from exporter.reload import Source, load_plan, plan_targets
from exporter.selection import Cause, FoundSelection, shard_key
from tests.cli.in_process import run_command
from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until

LABELS: some.SearchStrategy[dict[str, str]] = some.one_of(
    some.just({}),
    some.fixed_dictionaries({"cluster": some.sampled_from(["shop", "search", "jobs"])}),
    some.fixed_dictionaries({"master_name": some.sampled_from(["orders", "users"])}),
)
SERVERS = some.lists(
    some.tuples(some.integers(1, 60), LABELS), unique_by=lambda one: one[0], min_size=1, max_size=40
)


def target(number: int, labels: dict[str, str]) -> Target:
    return Target(f"h{number}:6379", Address(f"h{number}"), Credentials(), Tls(), Labels(labels))


def config(**keys: Any) -> Config:
    return Config.model_validate(keys)


def targets(sections: Sequence[dict[str, Any]], **keys: Any) -> Sequence[Target]:
    return list(plan_targets(config(targets=sections, **keys)))


def found(config: Config, servers: Sequence[Target]) -> Sequence[Target]:
    chosen = asyncio.run(FoundSelection().of(config, [Found(one) for one in servers]))
    return [one.target for one in chosen]


@settings(deadline=None)
@given(SERVERS, some.integers(1, 7))
def test_each_server_is_in_one_shard_and_groups_stay_together(
    servers: list[tuple[int, dict[str, str]]], count: int
) -> None:
    sections = [{"url": f"redis://h{number}:6379", "labels": labels} for number, labels in servers]
    shards = [f"{number}/{count}" for number in range(1, count + 1)]
    of_config = [targets(sections, shard=shard) for shard in shards]
    of_discovery = [found(config(shard=shard), [target(*one) for one in servers]) for shard in shards]
    for parts in (of_config, of_discovery):
        names = Counter(one.instance for part in parts for one in part)
        assert names == Counter(f"h{number}:6379" for number, _ in servers)
        for label in ("cluster", "master_name"):
            for value in ("shop", "search", "jobs", "orders", "users"):
                assert sum(any(one.labels.get(label) == value for one in part) for part in parts) <= 1
    # Configured or found, it is the same daemon that watches it.
    assert [{one.instance for one in part} for part in of_config] == [
        {one.instance for one in part} for part in of_discovery
    ]


def test_a_found_server_is_left_to_the_daemon_that_has_it_configured() -> None:
    section = {"url": "redis://h1:6379", "labels": {"cluster": "shop"}}
    same = [target(1, {}), target(1, {"cluster": "other"}), target(2, {"cluster": "a"}), target(2, {})]
    watched = []
    for number in (1, 2, 3):
        one = config(targets=[section], shard=f"{number}/3")
        watched += [server.instance for server in [*plan_targets(one), *found(one, same)]]
    assert sorted(watched) == ["h1:6379", "h2:6379"]


def test_what_the_key_of_a_shard_is() -> None:
    assert shard_key(target(1, {"cluster": "shop", "master_name": "x"})) == "shop"
    assert shard_key(target(1, {"master_name": "orders"})) == "orders"
    assert shard_key(Target("named", Address("Redis-1.Example.com", 7000), Credentials(), Tls())) == (
        "redis-1.example.com:7000"
    )


def test_relabelling_can_say_the_key() -> None:
    sections = [{"url": f"redis://h{number}", "labels": {"cluster": "prod"}} for number in range(20)]
    keep_apart = [{"source_labels": ["__address__"], "target_label": "__shard__"}]
    sizes = [len(targets(sections, shard=shard, relabel_configs=keep_apart)) for shard in ("1/2", "2/2")]
    assert sum(sizes) == 20
    assert min(sizes) > 0
    assert sorted(len(targets(sections, shard=shard)) for shard in ("1/2", "2/2")) == [0, 20]


def test_relabelling_of_configured_servers() -> None:
    steps = [
        {"source_labels": ["env"], "regex": "test", "action": "drop"},
        {"source_labels": ["__address__"], "regex": r"([^.]+)\..*:(\d+)", "target_label": "instance"},
        {"source_labels": ["env"], "target_label": "stage"},
        {"regex": "env", "action": "labeldrop"},
        {"source_labels": ["stage"], "regex": "moved", "target_label": "__address__", "replacement": "h9:7"},
        {"source_labels": ["stage"], "regex": "moved", "target_label": "job", "replacement": "others"},
    ]
    one, two = targets(
        [
            {"url": "redis://a.example.com:1", "labels": {"env": "prod"}, "password": "pa55"},
            {"url": "redis://b.example.com:2/3", "labels": {"env": "moved"}},
            {"url": "redis://c.example.com:3", "labels": {"env": "test"}},
        ],
        relabel_configs=steps,
    )
    assert (one.instance, one.labels, one.job) == ("a", Labels({"stage": "prod"}), "redis")
    assert one.credentials.password.reveal() == "pa55"
    assert one.address == Address("a.example.com", 1)
    assert (two.address, two.labels.get("job")) == (Address("h9", 7, database=3), "others")


def test_relabelling_of_found_servers_comes_after_that_of_their_source() -> None:
    steps = [{"source_labels": ["team"], "regex": "ops", "action": "keep"}]
    servers = [target(1, {"team": "ops"}), target(2, {"team": "dev"})]
    selection = FoundSelection()
    chosen = asyncio.run(selection.of(config(relabel_configs=steps), [Found(one) for one in servers]))
    assert [one.target.instance for one in chosen] == ["h1:6379"]
    assert selection.left_out == {Cause.RELABELING: 1}


def test_what_relabelling_makes_impossible_is_said(tmp_path: Path) -> None:
    step = {"source_labels": ["__address__"], "target_label": "instance", "replacement": "same"}
    path = tmp_path / "config.yml"
    text = {"targets": [{"url": "redis://a"}, {"url": "redis://b"}], "relabel_configs": [step]}
    path.write_text(json.dumps(text))
    with pytest.raises(ConfigError) as caught:
        load_plan(Source(path))
    assert str(caught.value) == (
        f'{path}:1:78: relabel_configs: "a:6379" and "b:6379" both become the instance "same"'
    )
    text["relabel_configs"] = [{"target_label": "__address__", "replacement": "a b"}]
    path.write_text(json.dumps(text))
    with pytest.raises(ConfigError, match='relabel_configs: made "a b" of redis://a:6379'):
        load_plan(Source(path))
    # Of a found one it is a warning.
    selection = FoundSelection()
    one = config(relabel_configs=text["relabel_configs"])
    assert asyncio.run(selection.of(one, [Found(target(1, {}))])) == []
    assert selection.left_out == {Cause.REFUSED: 1}


def test_ten_thousand_found_servers_do_not_hold_the_loop() -> None:
    servers = [Found(target(number, {"env": "prod"})) for number in range(10_000)]
    steps = [{"source_labels": ["env"], "target_label": "stage"}]
    turns = 0

    async def story() -> None:
        nonlocal turns
        task = asyncio.create_task(FoundSelection().of(config(shard="1/2", relabel_configs=steps), servers))
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        assert 4_500 < len(await task) < 5_500

    asyncio.run(story())
    assert turns > 20


def test_the_command_line_says_the_shard(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    sections = [{"url": f"redis://h{number}"} for number in range(8)]
    path.write_text(json.dumps({"targets": sections, "rule_files": [], "shard": "1/2"}))
    own = {one.instance for one in load_plan(Source(path)).targets}
    others = {one.instance for one in load_plan(Source(path, shard=Shard(2, 2))).targets}
    assert (len(own | others), own & others) == (8, set())
    done = run_command(tmp_path, "check", "config", "config.yml", "--shard", "2/2")
    lines = done.stdout.splitlines()
    assert lines[0] == f"config.yml: good, {len(others)} targets of 8, 0 rules"
    assert lines[1] == f"targets by shard: 1/2: {len(own)}, 2/2: {len(others)}"
    assert {line.split()[1] for line in lines[2:]} == others
    bad = run_command(tmp_path, "check", "config", "config.yml", "--shard", "3/2")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)


def test_a_shard_out_of_balance_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    sections = [{"url": f"redis://h{number}", "labels": {"cluster": "prod"}} for number in range(12)]
    path.write_text(json.dumps({"targets": sections, "rule_files": [], "shard": "1/2"}))
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert '12 of 12 targets have the cluster or master_name "prod"' in done.stderr


@pytest.mark.live
def test_two_daemons_share_the_servers(tmp_path: Path, start_server: StartServer) -> None:
    servers = [start_server() for _ in range(5)]
    (tmp_path / "found.json").write_text(json.dumps([{"targets": [one.instance for one in servers[3:]]}]))
    text = {
        "targets": [{"url": one.url} for one in servers[:3]],
        "discovery": {"file": [{"files": ["found.json"]}]},
        "rule_files": [],
    }
    (tmp_path / "config.yml").write_text(json.dumps(text))

    def listed(daemon: Daemon) -> dict[str, str]:
        groups = json.loads(daemon.text("/sd"))
        return {one["labels"]["instance"]: one["labels"]["__meta_redis_vigil_shard"] for one in groups}

    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    shards = ("1/2", "2/2")
    daemons = [
        Daemon(folder, "--config", str(tmp_path / "config.yml"), "--shard", shard)
        for folder, shard in zip(folders, shards, strict=True)
    ]
    with daemons[0], daemons[1]:
        wait_until(lambda: sum(len(listed(one)) for one in daemons) == 5, 30, "all servers are watched")
        parts = [listed(one) for one in daemons]
        assert sorted([*parts[0], *parts[1]]) == sorted(one.instance for one in servers)
        for part, shard in zip(parts, shards, strict=True):
            assert all(Shard(1, 2).number_of(name) == int(shard[0]) for name in part)
            assert set(part.values()) <= {shard}
        left_out = [
            line
            for one in daemons
            for line in one.text("/metrics").splitlines()
            if line.startswith('redis_vigil_targets_left_out{by="shard"}')
        ]
        assert sum(float(line.split()[-1]) for line in left_out) == 5
