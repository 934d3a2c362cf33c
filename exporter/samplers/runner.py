"""Runs the samplers of one target: times them, bounds them, and writes what they found."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from exporter.clock import Clock, to_milliseconds
from exporter.errors import Reason, ReplyError, TargetError
from exporter.events import EventRecorder, EventSink
from exporter.log import get_logger
from exporter.model.target import Target
from exporter.samplers.contact import Contact
from exporter.samplers.passes import SharedPasses
from exporter.samplers.reporting import Reporting
from exporter.samplers.slot import SamplerPlan, Slot, outcomes
from exporter.samplers.status import SamplerStatus, TargetStatus, table_of
from exporter.samplers.unreadable import fault_of
from exporter.sampling.base import Peer, Sampler, SamplerContext, find_none
from exporter.sampling.command_support import RETRY_SECONDS, CommandSupport
from exporter.sampling.facts import TargetFacts
from exporter.sampling.neighbours import Neighbours
from exporter.sampling.unavailable import Unavailable
from exporter.store import Store

log = get_logger(__name__)


class TargetRunner:
    """All samplers of one target, over one shared connection.

    `on_closed` is called when the server closes that connection, also between passes, `on_sampled` after
    passes, `on_change` when the target has gone down or come up, or cannot be sampled for another reason,
    `on_reported` when `has_reported` becomes true. While it is down only its `health_sampler` asks for it.
    Faults stay here: `run` raises nothing but cancellation.
    """

    def __init__(
        self,
        target: Target,
        plans: Sequence[SamplerPlan],
        *,
        store: Store,
        clock: Clock,
        timeout_seconds: float,
        on_closed: Callable[["TargetRunner"], None] | None = None,
        on_sampled: Callable[["TargetRunner"], None] | None = None,
        on_change: Callable[["TargetRunner"], None] | None = None,
        on_reported: Callable[["TargetRunner"], None] | None = None,
        records: Mapping[str, Any] | None = None,
        facts: TargetFacts | None = None,
        neighbours: Neighbours | None = None,
        find_replica: Callable[[TargetFacts], Peer | None] = find_none,
        events: EventSink | None = None,
    ) -> None:
        self.target = target
        self.facts = facts or TargetFacts()
        self.events = EventRecorder(events, target.instance, clock.now)
        self._neighbours = neighbours or Neighbours()
        self._neighbours.join(self.facts)
        self.health_sampler = next((plan.spec.name for plan in plans if plan.spec.decides_up), "")
        self.status = TargetStatus(target, self.health_sampler)
        self._store = store
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._on_closed = on_closed
        self._on_sampled = on_sampled
        self._on_change = on_change
        self._on_reported = on_reported
        self._records = records or {}
        self._contact = Contact(target, self.facts, clock, timeout_seconds, self._closed)
        self._connection, self._is_closed = self._contact.connection, False
        self._passes: set[asyncio.Task[Any] | None] = set()
        self._find_replica = find_replica
        self._together = SharedPasses(self._connection, clock, self._ended, self._is_worth_asking)
        self.unavailable = Unavailable(target.instance, target.credentials.username)
        self._slots = {plan.spec.name: self._slot(plan) for plan in plans}
        shared = [plan.spec.name for plan in plans if not plan.spec.own_connection]
        self._reporting = Reporting(shared, clock.monotonic())
        # The names under which this target writes into the store.
        self._table_sources = [slot.table.source for slot in self._slots.values()]
        self.sources = (self.status.source, *self._table_sources)

    def _slot(self, plan: SamplerPlan) -> Slot:
        table = table_of(self.target, plan.spec.name)
        context = SamplerContext(
            target=self.target,
            settings=plan.settings,
            table=table,
            facts=self.facts,
            clock=self._clock,
            connect=self._contact.connect,
            support=CommandSupport(plan.spec.name, self._clock.monotonic, self.unavailable),
            records=self._records,
            timeout_seconds=plan.timeout_seconds,
            neighbours=self._neighbours,
            find_replica=self._find_replica,
            events=self.events,
        )
        status = SamplerStatus(support=context.support, caps=context.caps, table=table)
        self.status.samplers[plan.spec.name] = status
        return Slot(plan, plan.spec.build(context), table, status)

    @property
    def peer(self) -> Peer:
        """This target as samplers of others see it."""
        return Peer(self.target.instance, self.facts, self._contact.connect)

    def _closed(self) -> None:
        if self._on_closed is not None:
            self._on_closed(self)

    @property
    def plans(self) -> Sequence[SamplerPlan]:
        """The samplers of the target, and how often each is to run."""
        return [slot.plan for slot in self._slots.values()]

    def sampler(self, name: str) -> Sampler | None:
        """Return the sampler of this name, for what it knows beyond its metrics."""
        slot = self._slots.get(name)
        return None if slot is None else slot.sampler

    def outages(self) -> Iterator[tuple[str, float]]:
        """Yield the sources that cannot be sampled at present, and since when (monotonic seconds)."""
        for slot in self._slots.values():
            since = slot.status.missing_since
            if since is not None and slot.applies(self.facts.server):
                yield slot.table.source, since

    @property
    def has_reported(self) -> bool:
        """Whether every sampler has had a pass since `expect_report`, or the target is down.

        Samplers with a connection of their own are left out: they take as long as they take.
        """
        return self._reporting.is_complete

    def expect_report(self) -> None:
        """Ask for a pass of every sampler, as at the beginning; those under way do not count."""
        self._reporting.begin(self._clock.monotonic())

    def _note_report(self, heard: Sequence[Slot], began: float) -> None:
        """Note that these samplers have had their pass, which began at this moment (monotonic seconds)."""
        names = [slot.plan.spec.name for slot in heard]
        if self._reporting.note(names, began, self._is_awaited) and self._on_reported is not None:
            self._on_reported(self)

    def _is_awaited(self, name: str) -> bool:
        slot = self._slots[name]
        return self.status.up is not False and (slot.busy or self._is_due(slot))

    async def run(self, *names: str) -> None:
        """Run one pass of each of these samplers, in lock-step over the shared connection.

        Those with a connection of their own run after them, so that INFO counts what has been counted here.
        Left out are those whose last pass is still under way, and what the server refuses or does not have.
        """
        task = asyncio.current_task()
        self._passes.add(task)
        try:
            await self._pass(names)
        finally:
            self._passes.discard(task)

    async def check_health(self) -> None:
        """Run the sampler that decides whether the target is up, if it has one."""
        if self.health_sampler:
            await self.run(self.health_sampler)

    async def _pass(self, names: Sequence[str]) -> None:
        began = self._clock.monotonic()
        wanted = [slot for name in names if self._is_due(slot := self._slots[name])]
        due = [slot for slot in wanted if not self._resend_last(slot)]
        if not due:
            self._note_report(wanted, began)
            return
        was_down = self.status.up is False
        alone = [slot for slot in due if slot.plan.spec.own_connection]
        shared = [slot for slot in due if not slot.plan.spec.own_connection]
        before_alone, before_shared = outcomes(alone), outcomes(shared)
        tasks: list[asyncio.Task[None]] = []
        try:
            if shared:
                self._contact.is_used()
                await self._together.run(shared)
                seconds = self._clock.monotonic() - began
                # With every INFO; in between only where it is news.
                is_whole = not self.health_sampler or any(slot.plan.spec.decides_up for slot in shared)
                if is_whole or outcomes(shared) != before_shared:
                    self.status.scrape.note(seconds, self._store.groups_of(self._table_sources))
                    self._write_status()
            self._note_report(wanted, began)
            tasks = [asyncio.create_task(self._run_alone(slot)) for slot in alone if self._is_due(slot)]
            for task in tasks:
                await task
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        self.unavailable.tell()
        if outcomes(alone) != before_alone:
            self._write_status()
        if self._on_sampled is not None:
            self._on_sampled(self)
        if was_down and self.status.up:
            # It is back: everything that was left out meanwhile, without waiting for its slot.
            for slot in self._slots.values():
                slot.try_again()
            await self._pass([name for name in self._slots if name != self.health_sampler])

    def _write_status(self) -> None:
        self.status.connect_seconds = self._connection.connect_seconds
        self._contact.certificates.look_if_due()
        self.status.certificates = self._contact.certificates.expires_at
        self._store.append(self.status.sample(self._clock.now()))

    def _is_due(self, slot: Slot) -> bool:
        if self._is_closed or slot.busy or self._clock.monotonic() < slot.refused_until:
            return False
        # While a server is down one sampler asks whether it is back; then all do.
        return slot.applies(self.facts.server) and (self.status.up is not False or slot.plan.spec.decides_up)

    def _is_worth_asking(self) -> bool:
        """Return whether to ask once more: a server that is known to be down waits for its next slot."""
        return not self._is_closed and self.status.up is not False

    def _resend_last(self, slot: Slot) -> bool:
        """Send the last sample once more if the sampler is idle; return whether it was."""
        at = self._clock.now()
        if slot.idle is None or not slot.status.success or not slot.idle.is_idle(at):
            return False
        sample = slot.table.resend_last(to_milliseconds(at))
        if sample is None:
            return False
        slot.status.succeeded_at = at
        self._store.append(sample)
        return True

    async def _run_alone(self, slot: Slot) -> None:
        """Run a pass over a connection of the sampler's own."""
        started, at = self._clock.monotonic(), self._clock.now()
        deadline = None if slot.plan.spec.own_deadline else slot.plan.timeout_seconds
        error: Exception | None = None
        slot.busy = True
        try:
            async with asyncio.timeout(deadline):
                await slot.sampler.sample(self._connection, at)
        except TimeoutError:
            error = TargetError(Reason.TIMEOUT, f"{self.target.address}: no answer in time")
        except Exception as failure:
            error = failure
        finally:
            slot.busy = False
        self._ended(slot, at, started, error)

    def _ended(self, slot: Slot, at: float, started: float, error: Exception | None) -> None:
        """Record a pass that is over; `at` is when it began by the clock, `started` by the monotonic one."""
        if self._is_closed:
            # Another server may be watched under this name by now.
            return
        # Unless the clock was set back meanwhile: nothing is sampled in the future.
        at = min(at, self._clock.now())
        if error is None:
            self._succeeded(slot, at)
        elif isinstance(error, TargetError):
            self._failed(slot, error)
        else:
            self._failed(slot, fault_of(error, str(self.target.address), slot.plan.spec.name))
        slot.status.note(at, self._clock.monotonic() - started)

    def next_delay_seconds(self, name: str) -> float | None:
        """Return how soon a sampler wants to run again; None for at its interval."""
        return self._slots[name].next_delay_seconds

    def _succeeded(self, slot: Slot, at: float) -> None:
        status = slot.status
        slot.follow_run(self.facts.server)
        if status.is_unavailable:
            slot.mark_supported()
        elif slot.is_told:
            slot.is_told = False
            log.info("sampler works again", instance=self.target.instance, sampler=slot.plan.spec.name)
        before = self.status.problem
        status.success, status.reason, status.message = True, None, ""
        status.succeeded_at, status.missing_since = at, None
        if slot.plan.spec.decides_up:
            self._contact.has_answered()
            self._set_up(True, before)
        self._store.append(slot.table.finish(to_milliseconds(at)))

    def _failed(self, slot: Slot, error: TargetError) -> None:
        slot.table.discard()
        slot.table.lose_track()
        status = slot.status
        is_unavailable = isinstance(error, ReplyError) and error.is_unsupported
        # That a server is down is said once, not once per sampler; what it refuses, once per command.
        is_news = status.reason is not error.reason and not is_unavailable
        if is_news and not slot.plan.spec.decides_up and self.status.up is not False:
            slot.tell_failure(self.target.instance, error, self._clock.monotonic())
        before = self.status.problem
        status.success, status.reason, status.message = False, error.reason, str(error)
        if isinstance(error, ReplyError) and is_unavailable:
            slot.mark_unsupported(error, self._clock.monotonic() + RETRY_SECONDS)
        else:
            slot.status.note_missing(self._clock.monotonic())
        now_ms = to_milliseconds(self._clock.now())
        self._store.mark_stale(slot.table.source, now_ms)
        if slot.plan.spec.decides_up:
            # Refused is not down: the server lives, it just does not tell us how it is.
            self._set_up(error.reason is Reason.PERMISSION, before)
            if not self.status.up:
                self._all_stale(now_ms)

    def _set_up(self, up: bool, problem_before: Reason | None) -> None:
        if self.status.set_up(up, problem_before, self._clock.monotonic()) and self._on_change is not None:
            self._on_change(self)

    def _all_stale(self, now_ms: int) -> None:
        for slot in self._slots.values():
            self._store.mark_stale(slot.table.source, now_ms)
            slot.status.success = False
            slot.table.lose_track()
            slot.status.note_missing(self._clock.monotonic())

    def follow_clock(self, seconds: float) -> None:
        """Move what was remembered by the clock, which was set by so much."""
        for slot in self._slots.values():
            slot.follow_clock(seconds)

    def end(self) -> None:
        """Stop writing: another runner may go on under this name."""
        self._is_closed, self._store = True, Store()
        self._neighbours.leave(self.facts)

    async def close(self) -> None:
        """End the samplers and the connection; nothing is written any more."""
        self.end()
        # What goes on would open again what is closed here.
        under_way = [task for task in self._passes if task is not None and task is not asyncio.current_task()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for slot in self._slots.values():
            await slot.sampler.close()
        await self._contact.close()
