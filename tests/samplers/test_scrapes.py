"""`job`, `up` and `scrape_…`: in the store as Prometheus would have them, and not on the page."""

import asyncio
from collections.abc import Sequence

from exporter.config.main import Config
from exporter.discovery.base import Found
from exporter.metrics import Exposition, Format
from exporter.model.matcher import Matcher, MatchOp
from exporter.reload import plan_found, plan_targets
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from tests.clocks import ShiftedClock
from tests.conftest import StartServer
from tests.servers import RealServer


def labels_of(store: Store, name: str) -> list[dict[str, str]]:
    found = store.select([Matcher("__name__", MatchOp.EQUAL, name)])
    return sorted((series.labels.without("__name__").as_dict() for series in found), key=str)


def values_of(store: Store, source: str) -> dict[str, float | None]:
    group = store.group(source)
    assert group is not None
    return {point.series.name: value for point, value in zip(group.layout.points, group.values, strict=True)}


async def sampled(target: dict[str, object], server: RealServer) -> tuple[Store, Sequence[str], str]:
    """What is in the store, and on the page, after two passes and one with the server gone."""
    config = Config.model_validate({"targets": [{"url": server.url, "instance": "a", **target}]})
    store, clock = Store(), ShiftedClock()
    ((wanted, plans),) = plan_targets(config).items()
    plans = [plan for plan in plans if plan.spec.name in ("info", "slowlog")]
    runner = TargetRunner(wanted, plans, store=store, clock=clock, timeout_seconds=5)
    page = Exposition(lambda: store.groups_of(runner.sources), Format.TEXT)
    for _ in range(2):
        await runner.run("info", "slowlog")
        clock.ahead += 1
    alive = values_of(store, "a/status")
    text = b"".join(page.render()).decode()
    server.kill()
    await asyncio.sleep(0.05)
    await runner.run("info")
    dead = values_of(store, "a/status")
    await runner.close()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    counted = len([line for line in lines if not line.startswith(("redis_vigil_sampler", "redis_exporter"))])
    assert (alive["up"], alive["redis_up"]) == (1, 1)
    assert alive["scrape_samples_scraped"] == alive["scrape_samples_post_metric_relabeling"]
    assert 100 < (alive["scrape_samples_scraped"] or 0) <= counted
    assert 0 < (alive["scrape_duration_seconds"] or 0) < 5
    assert (dead["up"], dead["scrape_samples_scraped"], dead["scrape_series_added"]) == (0, 0, 0)
    return store, lines, text


def test_series_have_a_job_in_the_store_and_none_on_the_page(start_server: StartServer) -> None:
    store, lines, text = asyncio.run(sampled({}, start_server()))
    for name in ("up", "scrape_duration_seconds", "redis_up", "redis_memory_used_bytes"):
        assert labels_of(store, name) == [{"instance": "a", "job": "redis"}]
    assert 'redis_up{instance="a"} 1' in lines
    assert "job=" not in text
    assert not [line for line in text.splitlines() if line.split()[-2:][0].startswith(("up", "scrape_"))]


def test_a_label_job_wins_and_stands_on_the_page_as_every_label_does(start_server: StartServer) -> None:
    store, lines, _ = asyncio.run(sampled({"labels": {"job": "cache"}}, start_server()))
    assert labels_of(store, "up") == [{"instance": "a", "job": "cache"}]
    assert 'redis_up{instance="a",job="cache"} 1' in lines


def test_the_job_is_that_of_the_target_of_its_source_or_the_usual_one() -> None:
    config = Config.model_validate(
        {
            "global": {"job": "usual"},
            "targets": [
                {"url": "redis://a"},
                {"url": "redis://b", "job": "own"},
                {"url": "redis://c", "labels": {"job": "label"}},
            ],
        }
    )
    targets = plan_targets(config)
    assert [target.series_labels.get("job") for target in targets] == ["usual", "own", "label"]
    assert [target.exposed_labels.get("job") for target in targets] == ["", "", "label"]
    found = [Found(section.to_target()) for section in config.targets]
    there = plan_found(Config.model_validate({"global": {"job": "usual"}}), found)
    assert [target.series_labels.get("job") for target in there] == ["usual", "own", "label"]
