"""The whole daemon in fast time: an hour of samples, rules and notifications on real servers in seconds.

    def test_a_server_that_dies_is_told_of_once(start_server: StartServer) -> None:
        server = start_server()

        async def story() -> None:
            async with FastDaemon(server) as daemon:
                await daemon.pass_time("10m")
                assert daemon.told() == []
                server.kill()
                await daemon.wait_until(lambda: daemon.told(), within="2m")
                await daemon.pass_time("1m")
                assert [message.firing for message in daemon.told()] == [{("RedisDown", server.instance)}]

        run_fast(story())

What holds:
- It is the real `App` with real connections, the shipped rules (or `rules`: paths, or the text of a file) and
  the shipped alertmanager.yml (or `alertmanager`: its text; `{hook}` in files is the mailbox's base URL). A
  receiver without any `*_configs` gets a webhook of its own; all that is sent is in `daemon.messages`.
- Time stands still while a server is asked or a thread works, and leaps to the next timer otherwise. Code of
  the test that does not await (a blocking client, `server.restart()`) takes no time at all.
- A server that is to hang: `with server.paused(), daemon.hanging(server.port): ...`; without that, time waits
  20 real seconds for it. What happens between servers in real time (a failover of a Sentinel, a replica that
  synchronises, `DEBUG SLEEP`, latencies) is watched at real pace: `await daemon.pass_real_time(3)`,
  `await daemon.wait_really_until(condition, 20)`.
- The clocks of the servers (uptime, expiry, time of the last save, time stamps of the slow log) go on in real
  time. The daemon begins with the next minute of the real time of day and runs ahead of them.
- Host names: a resolver of the test's own (`tests/resolver.py`).
- `AlteredServer` (altered.py) stands before a real server, or for one, and changes its replies: fields of
  INFO, refused commands, late answers.
- The connections of the test's own asynchronous clients are not known to the loop: await them inside
  `with daemon.loop.working():`, or use blocking ones (`server.command(...)`).
- An hour with one server takes about 5 s on an idle machine: do not let hours pass that show nothing.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from exporter.app import App
from exporter.model.duration import parse_duration
from exporter.model.labels import Labels
from exporter.promql import Scalar, Vector, parse
from exporter.reload import Source, load_plan
from exporter.rules.active import AlertState
from exporter.shipped import shipped, shipped_rules
from exporter.web.server import bind
from tests.fast.loop import FastLoop, run_fast
from tests.fast.mailbox import Mailbox, Message
from tests.servers import RealServer

__all__ = ["FastDaemon", "run_fast"]

WATCHDOG = "VigilWatchdog"


class FastDaemon:
    """The daemon; use it inside a story that `run_fast` runs, with `async with`.

    `what`: a configuration as in config.yml, or the servers to watch. `more_rules`: the text of a file,
    besides the shipped ones.
    """

    def __init__(
        self,
        *what: Mapping[str, Any] | RealServer | str,
        rules: str | Iterable[Path] | None = None,
        more_rules: str = "",
        alertmanager: str | None = None,
    ) -> None:
        config = dict(what[0]) if what and isinstance(what[0], Mapping) else {}
        servers = [one for one in what if not isinstance(one, Mapping)]
        urls = [one.url if isinstance(one, RealServer) else one for one in servers]
        self._config = {**config, "targets": [*config.get("targets", ()), *({"url": url} for url in urls)]}
        self._rules = rules
        self._more_rules = more_rules
        self._alertmanager = alertmanager
        self._directory = tempfile.TemporaryDirectory(prefix="vigil-fast-")

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop), "run the story with run_fast"
        self.loop = loop
        self._began = loop.time()
        self.mailbox = Mailbox(lambda: self.seconds)
        await self.mailbox.open()
        path = self._write()
        self.app = App(
            load_plan(Source(path)),
            lambda: load_plan(Source(path)),
            bind("127.0.0.1", 0),
            clock=loop.clock,
        )
        await self.app.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.app.stop()
        await self.mailbox.close()
        self._directory.cleanup()

    @property
    def config_path(self) -> Path:
        """The configuration file."""
        return Path(self._directory.name) / "config.yml"

    @property
    def seconds(self) -> float:
        """The time since the beginning."""
        return self.loop.time() - self._began

    @property
    def messages(self) -> list[Message]:
        """Everything that was sent, the oldest first."""
        return self.mailbox.messages

    def told(self, receiver: str | None = None) -> list[Message]:
        """The messages but for those of the watchdog, to one receiver or to all."""
        wanted = [one for one in self.messages if receiver in (None, one.receiver)]
        return [one for one in wanted if one.alertnames != {WATCHDOG}]

    def firing(self, state: AlertState = AlertState.FIRING) -> set[tuple[str, str]]:
        """(alertname, instance) of what fires by the rules, told or not; without the watchdog."""
        rules = [rule for group in self.app.alerting.rules.groups for rule in group.alerting_rules]
        alerts = [alert for rule in rules for alert in rule.active_alerts if alert.state is state]
        labels = [alert.labels for alert in alerts if alert.labels.get("alertname") != WATCHDOG]
        return {(one.get("alertname", ""), one.get("instance", "")) for one in labels}

    def pending(self) -> set[tuple[str, str]]:
        """(alertname, instance) of what is true and waits for its `for`."""
        return self.firing(AlertState.PENDING)

    def query(self, promql: str) -> dict[Labels, float]:
        """The value of a query at this moment, by labels; a scalar stands under no labels."""
        value = self.app.alerting.environment.engine.instant(
            parse(promql), round(self._clock_now() * 1000)
        ).value
        if isinstance(value, Scalar):
            return {Labels({}): value.value}
        assert isinstance(value, Vector), "an instant query, please"
        return {sample.labels: sample.value for sample in value.samples}

    def value(self, promql: str) -> float | None:
        """The only value of a query; None where there is none."""
        values = list(self.query(promql).values())
        assert len(values) <= 1, f"{promql} has {len(values)} values"
        return values[0] if values else None

    async def get(self, path: str) -> httpx.Response:
        """A page of the daemon's own web server."""
        return await self.ask("GET", path)

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer of the daemon's own web server; `request` as httpx takes it."""
        host, port = self.app.web.address
        with self.loop.working():
            async with httpx.AsyncClient() as client:
                return await client.request(method, f"http://{host}:{port}{path}", **request)

    async def pass_time(self, span: str | float) -> None:
        """Let this much time pass, in seconds or as Prometheus writes it (`10m`)."""
        await asyncio.sleep(_seconds(span))

    async def wait_until(self, condition: Callable[[], object], within: str | float) -> float:
        """Let time pass until the condition holds; returns the seconds since the beginning.

        Raises `AssertionError` with what was told when that takes longer than `within`.
        """
        return await self._wait(condition, _seconds(within), 0.25)

    async def pass_real_time(self, seconds: float) -> None:
        """Let so many seconds pass here and on the wall."""
        with self.loop.at_real_pace():
            await asyncio.sleep(seconds)

    async def wait_really_until(self, condition: Callable[[], object], within: float) -> float:
        """Like `wait_until`, at real pace."""
        with self.loop.at_real_pace():
            return await self._wait(condition, within, 0.05)

    async def _wait(self, condition: Callable[[], object], within: float, step: float) -> float:
        deadline = self.loop.time() + within
        while not condition():
            assert self.loop.time() < deadline, f"not within {within:.0f} s; {self!r}"
            await asyncio.sleep(step)
        return self.seconds

    def hanging(self, *ports: int) -> Any:
        """A block in which nobody answers on these ports."""
        return self.loop.hanging(*ports)

    async def reload(self, config: Mapping[str, Any] | None = None, alertmanager: str | None = None) -> None:
        """Reload, with the sections that have changed."""
        self.change(config, alertmanager)
        await self.app.reload()

    def change(self, config: Mapping[str, Any] | None = None, alertmanager: str | None = None) -> None:
        """Write the files anew, with the sections that have changed."""
        self._config = {**self._config, **(config or {})}
        self._alertmanager = alertmanager or self._alertmanager
        self._write()

    def __repr__(self) -> str:
        told = "\n  ".join(map(str, self.told())) or "nothing"
        now = f"after {self.seconds:.0f} s firing: {sorted(self.firing())}, pending: {sorted(self.pending())}"
        return f"{now}; told:\n  {told}"

    def _clock_now(self) -> float:
        return self.app.core.clock.now()

    def _write(self) -> Path:
        """Write the files; returns the path of config.yml."""
        directory = Path(self._directory.name)
        config = {
            **self._config,
            "alerting": {"config_file": "alertmanager.yml", **self._config.get("alerting", {})},
        }
        if isinstance(self._rules, str):
            (directory / "rules.yml").write_text(self._rules)
            config["rule_files"] = ["rules.yml"]
        elif self._rules is not None:
            config["rule_files"] = [str(path) for path in self._rules]
        elif self._more_rules:
            (directory / "more_rules.yml").write_text(self._more_rules)
            config["rule_files"] = [*map(str, shipped_rules()), "more_rules.yml"]
        text = self._alertmanager or shipped("alertmanager.yml").read_text()
        (directory / "alertmanager.yml").write_text(_routing(text, self.mailbox.url))
        path = self.config_path
        path.write_text(yaml.safe_dump(config).replace("{hook}", self.mailbox.url))
        return path


@lru_cache
def _routing(text: str, mailbox_url: str) -> str:
    """An alertmanager.yml in which every receiver sends to the mailbox."""
    routing: dict[str, Any] = yaml.safe_load(text.replace("{hook}", mailbox_url))
    for receiver in routing["receivers"]:
        if not any(key.endswith("_configs") for key in receiver):
            receiver["webhook_configs"] = [{"url": f"{mailbox_url}/{receiver['name']}"}]
    return yaml.safe_dump(routing)


def _seconds(span: str | float) -> float:
    return parse_duration(span) / 1000 if isinstance(span, str) else span
