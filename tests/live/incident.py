"""A scripted incident that a daemon watches while it is killed again and again."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook
from tests.servers import RealServer

_RULES: Final = """
groups:
  - name: incident
    rules:
      - record: instance:commands:rate10s
        expr: rate(redis_commands_processed_total[10s])
      - {alert: Down, expr: redis_up == 0}
      - {alert: Busy, expr: 'rate(redis_commands_processed_total[10s]) > 300', for: 2s}
      - {alert: BusyForLong, expr: 'avg_over_time(instance:commands:rate10s[5s]) > 300'}
      - {alert: Always, expr: 'count_over_time(redis_up[1m]) > 6'}
      - {alert: Chain, expr: 'last_over_time(ALERTS{alertname="Down", alertstate="firing"}[3s]) == 1'}
"""
_ALERTMANAGER: Final = """
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{url}'}}]}}]
"""
_CONFIG: Final = """
global: {{sample_interval: 1s, sample_timeout: 1s, evaluation_interval: 1s}}
targets:
  - {{url: '{mortal}', instance: mortal}}
  - {{url: '{busy}', instance: busy}}
rule_files: [rules.yml]
alerting: {{config_file: alertmanager.yml}}
storage: {{path: data}}
"""
_PHASE_SECONDS: Final = 60.0
# Longer than anything that a wrong state would need to be told.
_QUIET_SECONDS: Final = 4.0

States = dict[str, list[str]]
"""By alert and instance: the states that were told, in order."""


@dataclass(slots=True)
class Outcome:
    """What the receiver was told, and how often the daemon was killed."""

    told: States = field(default_factory=dict)
    kills: int = 0

    @property
    def sequences(self) -> States:
        """The states without repetitions."""
        return {key: _changes(states) for key, states in self.told.items()}

    @property
    def repeated(self) -> int:
        """How many messages said what had been said."""
        return sum(len(states) - len(_changes(states)) for states in self.told.values())


def _changes(states: Sequence[str]) -> list[str]:
    return [state for number, state in enumerate(states) if number == 0 or states[number - 1] != state]


# What every round of the incident has people hear of.
ROUND: Final[States] = {
    key: ["firing", "resolved"] for key in ("Down/mortal", "Chain/mortal", "Busy/busy", "BusyForLong/busy")
}


def expected(rounds: int) -> States:
    """What the receiver is told without any kill."""
    always: States = {"Always/mortal": ["firing"], "Always/busy": ["firing"]}
    return {**always, **{key: states * rounds for key, states in ROUND.items()}}


class Incident:
    """The servers, the daemon and the receiver of one incident.

    `kills` is how often in each of the four phases of a round the daemon is killed, `pauses` the shortest and
    the longest time in seconds between two kills.
    """

    def __init__(
        self,
        directory: Path,
        program: Path,
        rng: random.Random,
        *,
        kills: int,
        pauses: tuple[float, float] = (0.2, 3.0),
    ) -> None:
        self._directory = directory
        self._rng = rng
        self._kills = kills
        self._pauses = pauses
        self._mortal = RealServer(program, directory / "mortal")
        self._busy = RealServer(program, directory / "busy")
        self._is_loaded = threading.Event()
        self._outcome = Outcome()

    def play(self, rounds: int) -> Outcome:
        """Play it, and tell what was told."""
        with http_hook() as hook, self._mortal, self._busy, self._load():
            with self._start(hook) as daemon:
                self._expect(hook, "Always/mortal", "firing")
                self._expect(hook, "Always/busy", "firing")
                for _ in range(rounds):
                    self._round(daemon, hook)
                time.sleep(_QUIET_SECONDS)
            self._outcome.told = told(hook)
        return self._outcome

    def _start(self, hook: Hook) -> Daemon:
        (self._directory / "rules.yml").write_text(_RULES)
        (self._directory / "alertmanager.yml").write_text(_ALERTMANAGER.format(url=hook.url))
        config = self._directory / "config.yml"
        config.write_text(_CONFIG.format(mortal=self._mortal.url, busy=self._busy.url))
        return Daemon(self._directory, "--config", str(config))

    def _round(self, daemon: Daemon, hook: Hook) -> None:
        self._mortal.kill()
        self._phase(daemon, hook, ("Down/mortal", "Chain/mortal"), "firing")
        self._is_loaded.set()
        self._phase(daemon, hook, ("Busy/busy", "BusyForLong/busy"), "firing")
        self._mortal.start()
        self._phase(daemon, hook, ("Down/mortal", "Chain/mortal"), "resolved")
        self._is_loaded.clear()
        self._phase(daemon, hook, ("Busy/busy", "BusyForLong/busy"), "resolved")

    def _phase(self, daemon: Daemon, hook: Hook, keys: Sequence[str], state: str) -> None:
        """Kill and start, and wait until people have heard of what happened; both in no order."""
        for _ in range(self._kills):
            time.sleep(self._rng.uniform(*self._pauses))
            daemon.kill()
            self._outcome.kills += 1
            daemon.start()
        for key in keys:
            self._expect(hook, key, state)

    def _expect(self, hook: Hook, key: str, state: str) -> None:
        wait_until(
            lambda: told(hook).get(key, [""])[-1] == state, _PHASE_SECONDS, f"{key} {state}: {told(hook)}"
        )

    @contextmanager
    def _load(self) -> Iterator[None]:
        """A thousand commands a second on one server while the event is set."""
        ended = threading.Event()

        def work() -> None:
            client = redis.Redis(port=self._busy.port, protocol=2)
            while not ended.wait(0.05):
                if self._is_loaded.is_set():
                    pipeline = client.pipeline(transaction=False)
                    for _ in range(50):
                        pipeline.echo("x")
                    pipeline.execute()
            client.close()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def told(hook: Hook) -> States:
    """The states that a receiver was told, by alert and instance."""
    states: States = {}
    for body in list(hook.bodies):
        for alert in body["alerts"]:
            key = f"{alert['labels']['alertname']}/{alert['labels']['instance']}"
            states.setdefault(key, []).append(alert["status"])
    return states
