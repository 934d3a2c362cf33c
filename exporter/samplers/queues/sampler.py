"""The queues sampler: all known queues of a server in a few round trips per pass."""

import asyncio
from collections.abc import Sequence
from typing import Final

from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Asker, Command, Reply
from exporter.errors import ReplyError, TargetError
from exporter.log import get_logger
from exporter.samplers.base import SamplerContext
from exporter.samplers.keyed import KeyedAsker
from exporter.samplers.keyspace.guard import OtherServerError
from exporter.samplers.keyspace.pace import Budget
from exporter.samplers.lookups import code_of
from exporter.samplers.queues import families
from exporter.samplers.queues.advising import Adviser
from exporter.samplers.queues.base import Framework, Moment
from exporter.samplers.queues.candidates import Candidates
from exporter.samplers.queues.celery_events import CeleryEvents
from exporter.samplers.queues.clients import ClientNames
from exporter.samplers.queues.finder import QueueFinder
from exporter.samplers.queues.frameworks.registry import build_frameworks
from exporter.samplers.queues.handover import DOWN, Handover
from exporter.samplers.queues.job_keys import job_keys, told_apart
from exporter.samplers.queues.known import KnownQueue, KnownQueues, group_queues
from exporter.samplers.queues.model import Reading
from exporter.samplers.queues.publishing import QueuePublisher
from exporter.samplers.queues.records import QueueRecords
from exporter.samplers.queues.replies import refusal
from exporter.samplers.queues.report import QueueReport
from exporter.samplers.queues.saving import QueueKeeper
from exporter.samplers.queues.steps import Steps, drive, guarded, in_database, together
from exporter.samplers.queues.walk import Walker

log = get_logger(__name__)

# The first pass waits so long for the first walk, and no more than this share of its own deadline, so that
# it already shows what there is.
_FIRST_WALK_SECONDS: Final = 2.0
_FIRST_WALK_SHARE: Final = 0.4
_RETRY_WALK_SECONDS: Final = 60.0
# BullMQ has 17 to 20. Streams with many groups and lists with many priorities have more, most others fewer.
_SERIES_PER_QUEUE: Final = 30
_REPLICA_ROLES: Final = frozenset({"slave", "replica"})
_CLIENT_LIST: Final = "CLIENT LIST"
# Their workers are known by the names of their connections.
_NAMED_CLIENTS: Final = frozenset({"bullmq", "bull"})
# Queues by database and framework.
Groups = dict[tuple[int, str], list[KnownQueue]]


class QueuesSampler:
    """Finds the queues of one server and reads them.

    `records` keeps them over restarts of the daemon. `frameworks` are those of the settings, unless given.
    `all_lists`: lists of any name are looked at for whether they look like queues.
    """

    def __init__(
        self,
        context: SamplerContext,
        records: QueueRecords | None = None,
        frameworks: Sequence[Framework] | None = None,
        *,
        all_lists: bool = False,
    ) -> None:
        self._context = context
        self._settings: QueuesSection = context.settings
        context.table.make_room(_SERIES_PER_QUEUE * self._settings.max_queues)
        self._frameworks = build_frameworks(self._settings) if frameworks is None else list(frameworks)
        self._by_name = {framework.name: framework for framework in self._frameworks}
        self._connection = context.connect("redis-vigil-queues")
        self._asker = KeyedAsker(self._connection, context.facts)
        self._known = KnownQueues(self._settings.max_queues)
        records = records or context.records.get("queues")
        self._keeper = QueueKeeper(records, self._known, context.target.instance)
        self._own_database = context.target.address.database
        self._candidates = Candidates(self._settings, any_name=all_lists)
        looking = [*self._frameworks, self._candidates]
        self._finder = QueueFinder(looking, self._known, self._settings, self._own_database)
        self.adviser = Adviser(self._candidates, self._known, context.target.instance)
        self._celery = CeleryEvents(lambda: context.connect("redis-vigil-queues"), context.clock)
        self._publisher = QueuePublisher(context.table, self._known, context.target, self._settings)
        self._handover = Handover(context, self._known)
        self._walk: asyncio.Task[None] | None = None
        self._walk_due_at = 0.0
        self._walk_seconds = 0.0
        self._walk_error: TargetError | None = None
        self._index_due_at = 0.0
        # What the server said of writes when queues were last looked for: see `TargetFacts.writes`.
        self._walked_at: object = None
        self._indexed_at: object = None
        self._signs: frozenset[str] = frozenset()
        context.facts.on_names = self._finder.add_names
        self._since: float | None = None
        self._round_trips = 0
        self._refused: list[ReplyError | None] = []

    def report(self) -> Sequence[QueueReport]:
        """All queues as of the last pass, in order of framework and name."""
        return self._publisher.reports

    async def sample(self, connection: Asker, at: float) -> None:
        """One pass (see `Sampler`), on a connection of its own."""
        has_taken_over = self._handover.look()
        if self._context.facts.role in _REPLICA_ROLES and not self._settings.replicas:
            self._publisher.reports = ()
            return
        if await self._keeper.restore():
            self._finder.selects_always = any(one.id.database != self._own_database for one in self._known)
        if has_taken_over:
            # Whatever has come along with the slots, or with the role.
            self._walk_due_at = min(self._walk_due_at, at)
            self._index_due_at = min(self._index_due_at, at)
            self._walked_at = self._indexed_at = None
        await self._look_for_queues(at)
        await self.read(at)
        self._keeper.save(at)
        if self._walk_error is not None and not len(self._known):
            raise self._walk_error

    def is_at_rest(self, at: float) -> bool:
        """See `RestingSampler`: no queue is known, and there is no reason to look for any."""
        is_looking = self._walk is not None or self._is_walk_due(at) or self._is_index_due(at)
        is_replica = self._context.facts.role in _REPLICA_ROLES
        is_looking = is_looking or self._finder.has_names or self._handover.is_due
        return not (len(self._known) or is_looking or is_replica)

    def _is_walk_due(self, at: float) -> bool:
        return at >= self._walk_due_at and self._has_written_since(self._walked_at)

    def _is_index_due(self, at: float) -> bool:
        facts = self._context.facts
        is_time = at >= self._index_due_at and self._has_written_since(self._indexed_at)
        return is_time or self._finder.are_new(facts.keys_by_database)

    def _has_written_since(self, seen: object) -> bool:
        """Whether anything may have been written since the server said this of writes."""
        writes = self._context.facts.writes
        return writes is None or writes != seen

    def follow_clock(self, seconds: float) -> None:
        """See `PunctualSampler`."""
        self._walk_due_at = self._walk_due_at and self._walk_due_at + seconds
        self._index_due_at = self._index_due_at and self._index_due_at + seconds
        self._since = self._since and self._since + seconds
        for known in self._known:
            known.alive_at += seconds
        self._keeper.follow_clock(seconds)
        self._publisher.follow_clock(seconds)
        self._celery.follow_clock(seconds)

    async def read(self, at: float) -> None:
        """Read the known queues, without looking for others."""
        self._since = at if self._since is None else self._since
        self._round_trips = 0
        self._refused = []
        readings = await self._read_all(at)
        self._check_refusals()
        self._publish(self._handover.settle(readings, at), at)
        self._expire(at)
        self.adviser.advise(at, self._signs)

    async def find_all(self, at: float) -> ReplyError | None:
        """Walk through the keyspace now, at full speed, and wait until that is done.

        Returns the error of a server that does not let us: `read` shows what is known without. Raises
        `TargetError`.
        """
        self._since = at if self._since is None else self._since
        self._walk_due_at = at + self._settings.discovery_interval.seconds
        try:
            await self._walk_through(at, Budget(share=None))
        except ReplyError as error:
            return error
        return None

    async def look_again(self, at: float) -> None:
        """Look once more at lists that look like queues, to see at which end they grow."""
        for database in self._candidates.databases:
            steps = self._candidates.look_again(database, at)
            await drive(in_database(database, steps) if self._finder.must_select else steps, self._ask)
        self._candidates.has_new = True

    async def _look_for_queues(self, at: float) -> None:
        """Start a walk when one is due; only the very first pass waits for it, and not for long."""
        is_first = self._walk is None and self._walk_due_at == 0.0
        if (self._walk is None or self._walk.done()) and self._is_walk_due(at):
            self._walk_due_at = at + self._settings.discovery_interval.seconds
            self._walk = asyncio.create_task(self._walk_through(at, Budget()))
        if is_first and self._walk is not None:
            most = self._context.timeout_seconds * _FIRST_WALK_SHARE
            await asyncio.wait({self._walk}, timeout=min(_FIRST_WALK_SECONDS, most))
        if self._walk is not None and self._walk.done():
            walk, self._walk = self._walk, None
            self._walk_failed(walk.exception(), at)

    async def _walk_through(self, at: float, budget: Budget) -> None:
        clock, facts = self._context.clock, self._context.facts
        started, writes = clock.monotonic(), facts.writes
        walker = Walker(self._connection, facts.turns, clock, budget=budget)
        sizes = facts.keys_by_database if facts.run_id else None
        try:
            await self._finder.walk(Moment(at, self._settings), self._ask, walker, sizes)
        except OtherServerError:
            # It has been restarted: the next pass begins anew.
            self._walk_due_at = 0.0
            return
        self._walk_seconds = clock.monotonic() - started
        self._walked_at = writes

    def _walk_failed(self, error: BaseException | None, at: float) -> None:
        """A walk has ended, with an error or without; what the indexes know is read all the same."""
        self._walk_error = None
        if error is None:
            return
        # A server that refuses SCAN is asked again at the usual time.
        if not isinstance(error, ReplyError):
            self._walk_due_at = min(self._walk_due_at, at + _RETRY_WALK_SECONDS)
        if not isinstance(error, TargetError):
            raise error
        if len(self._known):
            log.warning("cannot look for queues", instance=self._context.target.instance, error=error)
        else:
            self._walk_error = error

    async def _read_all(self, at: float) -> list[tuple[KnownQueue, Reading]]:
        """One pass over all known queues: every framework in every database, in lock-step; those that it
        finds are read along."""
        clients = ClientNames()
        groups = self._known.by_framework()
        looking = self._ways_to_look(at, clients)
        parts: list[Steps[Sequence[tuple[KnownQueue, Reading]]]] = []
        wants_clients = bool(looking) or any(name in _NAMED_CLIENTS for _, name in groups)
        if wants_clients and self._context.refusals.is_due(_CLIENT_LIST):
            parts.append(_without_result(clients.ask()))
        parts += self._read_groups(groups, at, clients)
        parts += self._read_groups(group_queues(self._handover.arrivals), at, clients)
        parts += [_without_result(steps) for steps in looking]
        found = await drive(together(parts), self._exchange)
        if clients.refusal is not None:
            self._context.refusals.refuse(_CLIENT_LIST, clients.refusal)
        self._heed(clients, at)
        new = self._not_in(groups)
        found += await drive(together(self._read_groups(new, at, clients)), self._exchange) if new else []
        return [pair for part in found for pair in part]

    def _ways_to_look(self, at: float, clients: ClientNames) -> list[Steps[None]]:
        """What is to be done in this pass to find queues."""
        moment = self._moment(at, 0, clients)
        looking: list[Steps[None]] = []
        if self._is_index_due(at):
            self._index_due_at = at + self._settings.index_interval.seconds
            self._indexed_at = self._context.facts.writes
            looking.append(self._look_into_indexes(moment))
        if self._finder.has_names:
            looking.append(self._finder.look_at_names(moment))
        return looking

    def _look_into_indexes(self, moment: Moment) -> Steps[None]:
        facts = self._context.facts
        if facts.run_id:
            yield from self._finder.learn_databases(facts.keys_by_database)
        yield from self._finder.ask_indexes(moment)

    def _heed(self, clients: ClientNames, at: float) -> None:
        """Connections that do what workers and producers do, and did not before, are a reason to look."""
        if clients.signs - self._signs:
            self._walk_due_at = min(self._walk_due_at, at)
        self._signs |= clients.signs

    def _not_in(self, groups: Groups) -> Groups:
        """The known queues without those of the groups."""
        new: Groups = {}
        for key, queues in self._known.by_framework().items():
            before = {queue.id for queue in groups.get(key, ())}
            if left := [queue for queue in queues if queue.id not in before]:
                new[key] = left
        return new

    def _read_groups(
        self, groups: Groups, at: float, clients: ClientNames
    ) -> list[Steps[Sequence[tuple[KnownQueue, Reading]]]]:
        return [
            self._read_group(framework, queues, self._moment(at, database, clients))
            for (database, name), queues in groups.items()
            if (framework := self._by_name.get(name)) is not None
        ]

    def _moment(self, at: float, database: int, clients: ClientNames) -> Moment:
        heard = self._celery.heartbeats(database)
        return Moment(at, self._settings, database, clients, heard, since=self._since)

    def _read_group(
        self, framework: Framework, queues: Sequence[KnownQueue], moment: Moment
    ) -> Steps[Sequence[tuple[KnownQueue, Reading]]]:
        """All queues of one framework in one database; a fault in the framework costs just these."""
        if framework.name == "celery":
            self._celery.start()
        steps = framework.read(queues, moment)
        if self._finder.must_select:
            steps = in_database(moment.database, steps)
        readings = yield from guarded(steps, framework.name)
        return list(zip(queues, readings or (), strict=False))

    async def _ask(self, commands: Sequence[Command]) -> Sequence[Reply]:
        return await self._asker.pipeline(commands)

    async def _exchange(self, commands: Sequence[Command]) -> Sequence[Reply]:
        if not commands:
            return []
        self._round_trips += 1
        replies = await self._ask(commands)
        for reply in replies:
            if isinstance(reply, ReplyError) and code_of(reply) in DOWN:
                # Nothing can be read: that is no empty queue.
                raise reply
        refused = refusal(replies)
        all_refused = refused is not None and all(isinstance(reply, ReplyError) for reply in replies)
        self._refused.append(refused if all_refused else None)
        return replies

    def _check_refusals(self) -> None:
        """A server that lets us ask nothing at all is not one without queues."""
        if self._refused and all(self._refused):
            error = self._refused[0]
            assert error is not None
            raise error

    def _publish(self, found: Sequence[tuple[KnownQueue, Reading]], at: float) -> None:
        self._publisher.publish(found, at)
        table = self._context.table
        table.set(families.ROUND_TRIPS, float(self._round_trips))
        if self._walk_seconds:
            table.set(families.WALK_DURATION, self._walk_seconds)

    def _expire(self, at: float) -> None:
        facts = self._context.facts
        # The keyspace scan tells whose keys these are; changed in place, since it holds on to the mapping.
        facts.queue_keys.clear()
        facts.queue_keys.update(told_apart(self._known))
        jobs = job_keys(self._known)
        if jobs != facts.job_keys:
            facts.job_keys = jobs
        for known in self._known.expire(at - self._settings.forget_after.seconds):
            # What it counted is forgotten too: should it come back, it counts from then on.
            self._since = at
            log.info(
                "queue forgotten",
                instance=self._context.target.instance,
                framework=known.id.framework,
                queue=known.label,
            )

    async def close(self) -> None:
        """End the walk and the connections; what is known is saved."""
        if self._walk is not None:
            self._walk.cancel()
            await asyncio.gather(self._walk, return_exceptions=True)
        await self._celery.close()
        await self._connection.close()
        await self._keeper.close()


def _without_result(steps: Steps[None]) -> Steps[Sequence[tuple[KnownQueue, Reading]]]:
    """Steps that run along with a pass and add nothing to its readings."""
    yield from steps
    return ()
