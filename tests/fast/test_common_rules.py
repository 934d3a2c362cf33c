"""Rules that people have for redis_exporter, as they are: they select by the job of the scrape."""

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast

# What the expressions of redis_exporter's own mixin and of the common collections of rules look like.
RULES = """
groups:
- name: redis
  rules:
  - {alert: Down, expr: 'redis_up{job="redis"} == 0', for: 5m}
  - {alert: ScrapeFails, expr: 'up{job="redis"} == 0', for: 1m}
  - {alert: NobodyThere, expr: 'absent(up{job="redis"})'}
  - {alert: SomeDown, expr: 'sum(up{job="redis"}) by (job) < count(up{job="redis"}) by (job)'}
  - alert: OutOfMemory
    expr: redis_memory_used_bytes{job="redis"} / (redis_memory_max_bytes{job="redis"} > 0) > 0.9
  - {alert: FewConnections, expr: 'redis_connected_clients{job="redis"} < 5', for: 2m}
  - alert: SeriesLost
    expr: scrape_samples_scraped{job="redis"} < 0.5 * scrape_samples_scraped{job="redis"} offset 2m
  - {alert: SlowScrape, expr: 'scrape_duration_seconds{job="redis"} > 30'}
  - {alert: OtherJob, expr: 'redis_up{job="another"} == 0'}
  - record: job:redis_memory_used_bytes:sum
    expr: sum by (job) (redis_memory_used_bytes{job="redis"})
"""


def test_rules_by_job_fire_and_come_back(start_server: StartServer) -> None:
    full, mortal = start_server("--maxmemory", "1mb"), start_server()

    async def story() -> None:
        async with FastDaemon(full, mortal, rules=RULES) as daemon:
            usual = {
                ("OutOfMemory", full.instance),
                ("FewConnections", full.instance),
                ("FewConnections", mortal.instance),
            }
            await daemon.pass_time("4m")
            assert daemon.firing() == usual
            assert daemon.value('job:redis_memory_used_bytes:sum{job="redis"}')
            mortal.kill()
            await daemon.pass_time("8m")
            dead = {("Down", mortal.instance), ("ScrapeFails", mortal.instance), ("SomeDown", "")}
            assert daemon.firing() >= usual - {("FewConnections", mortal.instance)} | dead
            assert not {"NobodyThere", "SlowScrape", "OtherJob"} & {name for name, _ in daemon.firing()}
            assert {alert["labels"].get("job") for one in daemon.told() for alert in one.alerts} == {"redis"}
            mortal.start()
            await daemon.pass_time("10m")
            assert daemon.firing() == usual

    run_fast(story())
