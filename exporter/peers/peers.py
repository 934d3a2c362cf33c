"""`Peers`: asks all other daemons in the background, and keeps what they said last."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.clock import Clock
from exporter.config.peers import PeerSection
from exporter.errors import PeerError
from exporter.log import get_logger
from exporter.peers.client import PeerClient
from exporter.peers.report import PeerReport
from exporter.timing.job import Job, Jobs

log = get_logger(__name__)

# Besides the time for an answer: to read it, and files with secrets.
_PATIENCE_SECONDS = 5.0


@dataclass(slots=True)
class PeerState:
    """What is known of a peer; moments in epoch seconds, 0: never.

    `report` is its last answer, also while it does not answer; `failing_since` is when it did not for the
    first time after that, `problem` says why. `is_self`: it is this daemon, since all have the same list.
    """

    name: str
    url: str
    report: PeerReport | None = None
    answered_at: float = 0.0
    failing_since: float = 0.0
    problem: str = ""
    is_self: bool = False

    @property
    def is_up(self) -> bool | None:
        """Whether it answers; None before it was asked."""
        return False if self.problem else True if self.report is not None else None

    @property
    def link(self) -> str:
        """Where people reach it."""
        return (self.report and self.report.external_url) or self.url


class Peers:
    """The other daemons of a configuration; `own_id` is what this one is told apart by."""

    def __init__(self, own_id: str, clock: Clock, registry: CollectorRegistry) -> None:
        self.own_id = own_id
        self._clock = clock
        self._jobs: Jobs | None = None
        self._known: dict[str, tuple[PeerClient, PeerState]] = {}
        registry.register(_PeerCollector(self))

    @property
    def sections(self) -> Sequence[PeerSection]:
        """The sections in force."""
        return [client.section for client, _ in self._known.values()]

    @property
    def states(self) -> Sequence[PeerState]:
        """The others, in the order of the configuration."""
        return [state for _, state in self._known.values() if not state.is_self]

    def start(self, jobs: Jobs, sections: Sequence[PeerSection]) -> None:
        """Begin to ask."""
        self._jobs = jobs
        self._take(sections)
        for name in self._known:
            self._add_job(name)

    async def apply(self, sections: Sequence[PeerSection]) -> None:
        """Go over to other sections; a peer that stays keeps what it has said."""
        before = dict(self._known)
        if [client.section for client, _ in before.values()] == list(sections):
            return
        await self.stop()
        self._take(sections)
        for name in self._known:
            self._add_job(name)

    async def stop(self) -> None:
        """Ask nobody any more."""
        if self._jobs is not None:
            await asyncio.gather(*(self._jobs.remove(_job_name(name)) for name in self._known))

    def _take(self, sections: Sequence[PeerSection]) -> None:
        known: dict[str, tuple[PeerClient, PeerState]] = {}
        for section in sections:
            name, url = section.shown_name, section.url.shown
            before = self._known.get(name)
            state = before[1] if before and before[1].url == url else PeerState(name, url)
            known[name] = (PeerClient(section), state)
        self._known = known

    def _add_job(self, name: str) -> None:
        section = self._known[name][0].section
        if self._jobs is not None:
            self._jobs.add(
                Job(
                    _job_name(name),
                    partial(self._ask, name),
                    lambda: section.refresh_interval.seconds,
                    section.timeout.seconds + _PATIENCE_SECONDS,
                    at_once=True,
                    from_end=True,
                )
            )

    async def _ask(self, name: str) -> None:
        client, state = self._known[name]
        try:
            report = await client.ask()
        except PeerError as error:
            self._note_failure(state, str(error))
            return
        if state.problem:
            log.info("a peer answers again", peer=name)
        state.report, state.answered_at = report, self._clock.now()
        state.problem, state.failing_since = "", 0.0
        state.is_self = bool(report.daemon) and report.daemon == self.own_id

    def _note_failure(self, state: PeerState, problem: str) -> None:
        if state.problem != problem:
            log.warning("a peer does not answer", peer=state.name, error=problem)
        state.failing_since = state.failing_since or self._clock.now()
        state.problem = problem


def _job_name(name: str) -> str:
    return f"peer {name}"


class _PeerCollector(Collector):
    """Tells of the peers that were asked."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("redis_vigil_peer_up", "Whether another daemon answers.", labels=["peer"])
        answered = GaugeMetricFamily(
            "redis_vigil_peer_last_answer_timestamp_seconds",
            "When another daemon has answered last; 0: not yet.",
            labels=["peer"],
        )
        for state in self._peers.states:
            if state.is_up is not None:
                up.add_metric([state.name], state.is_up)
                answered.add_metric([state.name], state.answered_at)
        yield up
        yield answered
