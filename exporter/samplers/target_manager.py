"""`TargetManager`: the targets that are watched, and the change from one set of them to the next."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final

from exporter.clock import Clock, to_milliseconds
from exporter.errors import Reason
from exporter.events import EventSink
from exporter.model.target import Target
from exporter.samplers.reachability import record_reachability
from exporter.samplers.runner import TargetRunner
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.slot import SamplerPlan
from exporter.sampling.base import Peer
from exporter.sampling.facts import TargetFacts
from exporter.sampling.neighbours import Neighbours
from exporter.store import Move, Store
from exporter.time_slice import TimeSlice

# A server that ends may be about to start again: it is looked at after these pauses, besides its own turns.
_MAY_RESTART: Final = frozenset({Reason.REFUSED, Reason.CLOSED})
_LOOKS_AFTER_SECONDS: Final = (1.0, 2.0, 4.0)


class TargetManager:
    """The runners of all targets.

    A target whose connection is closed by the server, or that has begun to leave questions unanswered, is
    sampled again at once, out of turn, and so are the others of a host when the first of them goes down:
    whether the host is gone is known at once. One that has ended is looked at some times soon, so that a
    restart is not taken for an end. `on_target_change` is called after that, and when a target has gone
    down or come up, or cannot be sampled for another reason; `on_sampled` after passes of a target,
    `on_reported` when the last of the targets has been sampled once, or has failed; `before_change` is
    awaited before targets come or go, which happens one by one. `records` are what samplers keep over a
    restart, `events` keeps what happens to the servers.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        schedule: SampleScheduler,
        on_target_change: Callable[[], None],
        on_sampled: Callable[[TargetRunner], None] | None = None,
        on_reported: Callable[[], None] | None = None,
        before_change: Callable[[], Awaitable[None]] | None = None,
        records: Mapping[str, Any] | None = None,
        events: EventSink | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._schedule = schedule
        self._on_target_change = on_target_change
        self._on_sampled = on_sampled
        self._on_reported = on_reported
        self._before_change = before_change
        self._records = records or {}
        self._events = events
        self._targets: dict[Target, tuple[Sequence[SamplerPlan], TargetRunner]] = {}
        self._urgent: set[asyncio.Task[None]] = set()
        self._unheard: set[TargetRunner] = set()
        self._ended: set[TargetRunner] = set()
        self._neighbours = Neighbours()
        self._given_at: dict[str, float] = {}

    @property
    def runners(self) -> Iterator[TargetRunner]:
        """The runners of all targets, in the order of the configuration."""
        return (runner for _, runner in self._targets.values())

    @property
    def has_reported(self) -> bool:
        """Whether every target has been sampled once, or has failed."""
        return not self._unheard

    def find(self, instance: str) -> TargetRunner | None:
        """Return the runner of the target of this name."""
        return next((runner for runner in self.runners if runner.target.instance == instance), None)

    async def sync(
        self,
        wanted: Mapping[Target, Sequence[SamplerPlan]],
        *,
        timeout_seconds: float,
        replaced: Collection[str] = (),
    ) -> bool:
        """Watch these targets from now on; those that were watched in the same way just go on.

        What is known of a server that gets another name goes along with it. `replaced` are names under which
        another server is watched than before: what is known of the former one is dropped. Returns whether
        there was any of either. Gives way to others; where a target cannot be watched nothing has changed.
        """
        gone = {
            target: runner for target, (plans, runner) in self._targets.items() if wanted.get(target) != plans
        }
        new = [target for target in wanted if target not in self._targets or target in gone]
        runners = await self._build({target: wanted[target] for target in new}, timeout_seconds)
        _hand_down_status(gone, runners)
        if self._before_change is not None and (gone or new):
            await self._before_change()
        moved = _renamed(gone, [target for target in new if target not in gone])
        await self._drop(gone, moved, runners)
        over = [runner for old, runner in gone.items() if old not in moved and old.instance in replaced]
        self._rename([(gone[old], target) for old, target in moved.items()], over)
        names = {target.instance for target in wanted}
        self._given_at = {name: at for name, at in self._given_at.items() if name in names}
        intervals = [min(plan.interval_seconds for plan in plans) for plans in wanted.values() if plans]
        if intervals:
            self._schedule.set_target_count(len(wanted), median(intervals))
        await self._begin({target: (wanted[target], runner) for target, runner in runners.items()})
        await asyncio.gather(*(runner.close() for runner in gone.values()))
        return bool(moved or over)

    async def _build(
        self, wanted: Mapping[Target, Sequence[SamplerPlan]], timeout_seconds: float
    ) -> dict[Target, TargetRunner]:
        """Build runners that do nothing yet."""
        built: dict[Target, TargetRunner] = {}
        turn = TimeSlice()
        try:
            for target, plans in wanted.items():
                built[target] = self._runner(target, plans, timeout_seconds)
                await turn.yield_control()
        except BaseException:
            await asyncio.gather(*(runner.close() for runner in built.values()))
            raise
        return built

    def _runner(self, target: Target, plans: Sequence[SamplerPlan], timeout_seconds: float) -> TargetRunner:
        return TargetRunner(
            target,
            plans,
            store=self._store,
            clock=self._clock,
            timeout_seconds=plans[0].timeout_seconds if plans else timeout_seconds,
            on_closed=self._resample_soon,
            on_sampled=self._on_sampled,
            on_change=self._changed,
            on_reported=self._reported,
            records=self._records,
            find_replica=self._find_replica,
            neighbours=self._neighbours,
            events=self._events,
        )

    async def _drop(
        self,
        gone: Mapping[Target, TargetRunner],
        moved: Collection[Target],
        successors: Mapping[Target, TargetRunner],
    ) -> None:
        """Remove these targets; series that no successor goes on with become stale."""
        turn = TimeSlice()
        for target, runner in gone.items():
            del self._targets[target]
            self._schedule.remove(runner)
            self._unheard.discard(runner)
            runner.end()
            kept = successors[target].sources if target in successors else ()
            now_ms = to_milliseconds(self._clock.now())
            for source in runner.sources if target not in moved else ():
                if source not in kept:
                    self._store.mark_stale(source, now_ms)
            await turn.yield_control()

    async def _begin(self, new: Mapping[Target, tuple[Sequence[SamplerPlan], TargetRunner]]) -> None:
        # All of them first: the first to be sampled must not be the last that is waited for.
        self._unheard.update(runner for _, runner in new.values() if not runner.has_reported)
        turn = TimeSlice()
        for target, (plans, runner) in new.items():
            self._targets[target] = (plans, runner)
            self._schedule.add(runner)
            await turn.yield_control()

    def _rename(self, moved: Sequence[tuple[TargetRunner, Target]], over: Sequence[TargetRunner]) -> None:
        """Move the history of servers to their new names, and drop that of the others."""
        moves = [move for runner, new in moved for move in _moves(runner, new)]
        self._store.rename(moves)
        renamed = {move.new_source for move in moves}
        for source in [source for runner in over for source in runner.sources]:
            # Unless the history of another server is there by now.
            if source not in renamed:
                self._store.delete(source)
        names = [*(new.instance for _, new in moved), *(runner.target.instance for runner in over)]
        self._given_at.update(dict.fromkeys(names, self._clock.monotonic()))

    def given_at(self, instance: str) -> float:
        """Return since when a name stands for its present server, in monotonic seconds; 0 for always."""
        return self._given_at.get(instance, 0.0)

    def _find_replica(self, primary: TargetFacts) -> Peer | None:
        """Return a watched replica of a target that is up, hears its primary, and has nothing else to do.

        Both tell the same replication id, by whatever names and addresses they are known.
        """
        for runner in self.runners:
            server = runner.facts.server
            follows = not server.replication_ids.isdisjoint(primary.server.replication_ids)
            is_replica = server.role == "slave" and follows
            is_free = server.is_linked and not server.loading and not server.fork_in_progress
            if runner.facts is not primary and runner.status.up and is_replica and is_free:
                return runner.peer
        return None

    def follow_clock(self, seconds: float) -> None:
        """Sample everything now, as the clock was set by so much, or nobody watched for a while."""
        for runner in self.runners:
            runner.follow_clock(seconds)
            runner.expect_report()
            if not runner.has_reported:
                self._unheard.add(runner)
        self._schedule.restart()

    def _reported(self, runner: TargetRunner) -> None:
        if runner in self._unheard:
            self._unheard.remove(runner)
            if not self._unheard and self._on_reported is not None:
                self._on_reported()

    def _changed(self, runner: TargetRunner) -> None:
        record_reachability(runner.events, runner.status, self._clock.now())
        self._on_target_change()
        if runner.status.problem in _MAY_RESTART and runner not in self._ended:
            self._ended.add(runner)
            self._spawn(self._await_restart(runner))
        if runner.status.problem is Reason.TIMEOUT:
            # A server that is busy with a script says so only after some seconds of silence.
            self._resample_soon(runner)
        self._resample_host(runner)

    def _resample_host(self, changed: TargetRunner) -> None:
        """Sample the others of a host at once when the first of them has gone down."""
        if changed.status.up is not False:
            return
        here = changed.target.address.host
        host = [runner for runner in self.runners if runner.target.address.host == here]
        if [runner for runner in host if runner.status.up is False] == [changed]:
            for runner in host:
                if runner.status.up:
                    self._resample_soon(runner)

    def _resample_soon(self, runner: TargetRunner) -> None:
        self._spawn(self._resample(runner))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._urgent.add(task)
        task.add_done_callback(self._urgent.discard)

    async def _resample(self, runner: TargetRunner) -> None:
        await runner.check_health()
        self._on_target_change()

    async def _await_restart(self, runner: TargetRunner) -> None:
        try:
            for seconds in _LOOKS_AFTER_SECONDS:
                await asyncio.sleep(seconds)
                if runner.status.up is not False:
                    return
                await runner.check_health()
        finally:
            self._ended.discard(runner)

    async def close(self) -> None:
        """Close all runners."""
        for task in list(self._urgent):
            task.cancel()
        await asyncio.gather(*self._urgent, return_exceptions=True)
        await asyncio.gather(*(runner.close() for runner in self.runners))
        self._targets.clear()


def _renamed(gone: Iterable[Target], new: Iterable[Target]) -> dict[Target, Target]:
    """Return those that are watched from now on under another name, at the same address."""
    places = {target.address: target for target in new}
    return {
        target: places[target.address]
        for target in gone
        if target.address in places and places[target.address].instance != target.instance
    }


def _hand_down_status(gone: Mapping[Target, TargetRunner], new: Mapping[Target, TargetRunner]) -> None:
    """Let new runners of the same servers take over what was logged of them."""
    before = {(target.instance, target.address): runner for target, runner in gone.items()}
    for target, runner in new.items():
        if (target.instance, target.address) in before:
            runner.status.follow(before[target.instance, target.address].status)


def _moves(runner: TargetRunner, new: Target) -> Iterator[Move]:
    """Yield the sources that a target has written, with the names under which they go on."""
    old = runner.target
    for source in runner.sources:
        new_source = f"{new.instance}{source.removeprefix(old.instance)}"
        yield Move(source, old.series_labels, new_source, new.series_labels)
