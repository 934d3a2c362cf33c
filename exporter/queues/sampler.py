"""The queues sampler: all known queues of a server in a few round trips per pass."""

from collections.abc import Sequence
from typing import Final

from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Client, Command, Reply
from exporter.errors import ReplyError
from exporter.log import get_logger
from exporter.queues import families
from exporter.queues.advising import Adviser
from exporter.queues.base import Framework, ReadContext
from exporter.queues.celery_events import CeleryEvents
from exporter.queues.clients import ClientNames
from exporter.queues.discovery import QueueDiscovery
from exporter.queues.frameworks.registry import build_frameworks
from exporter.queues.handover import Handover, tells_down
from exporter.queues.job_keys import job_keys, prefixes_of_queues
from exporter.queues.known import KnownQueue, KnownQueues, group_queues
from exporter.queues.model import Reading
from exporter.queues.publishing import QueuePublisher
from exporter.queues.records import QueueRecords
from exporter.queues.replies import first_unsupported
from exporter.queues.report import QueueReport
from exporter.queues.saving import QueueStore
from exporter.queues.search import QueueSearch
from exporter.queues.steps import Steps, drive, guarded, in_database, together
from exporter.queues.unknown_lists import UnknownLists
from exporter.sampling.base import SamplerContext
from exporter.sampling.keyed import CountingClient
from exporter.sampling.queue_keys import QueueKeys

log = get_logger(__name__)

# BullMQ has 17 to 20. Streams with many groups and lists with many priorities have more, most others fewer.
_SERIES_PER_QUEUE: Final = 30
_REPLICA_ROLES: Final = frozenset({"slave", "replica"})
_CLIENT_LIST: Final = "CLIENT LIST"
# A queue over the limit that was not found for so long, nor in a whole walk since, is gone.
_UNSEEN_SECONDS: Final = 900.0
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
        context: SamplerContext[QueuesSection],
        records: QueueRecords | None = None,
        frameworks: Sequence[Framework] | None = None,
        *,
        all_lists: bool = False,
    ) -> None:
        self._context = context
        self._settings = context.settings
        context.table.make_room(_SERIES_PER_QUEUE * self._settings.max_queues)
        self._frameworks = build_frameworks(self._settings) if frameworks is None else list(frameworks)
        self._by_name = {framework.name: framework for framework in self._frameworks}
        self._connection = context.connect("redis-vigil-queues")
        self._client = CountingClient(self._connection, context.facts)
        self._known = KnownQueues(self._settings.max_queues)
        records = records or context.records.get("queues")
        self._store = QueueStore(records, self._known, context.target.instance)
        self._own_database = context.target.address.database
        self._unknown_lists = UnknownLists(self._settings, any_name=all_lists)
        looking = [*self._frameworks, self._unknown_lists]
        self._discovery = QueueDiscovery(looking, self._known, self._settings, self._own_database)
        self.adviser = Adviser(self._unknown_lists, self._known, context.target.instance)
        self._celery = CeleryEvents(lambda: context.connect("redis-vigil-queues"), context.clock)
        self._publisher = QueuePublisher(context.table, self._known, context.target, self._settings)
        self._handover = Handover(context, self._known)
        self._search = QueueSearch(context, self._discovery, self._known, self._connection, self._ask)
        context.facts.on_names = self._discovery.add_names
        self._since: float | None = None
        self._round_trips = 0
        self._refused: list[ReplyError | None] = []

    @property
    def is_walking(self) -> bool:
        """Whether a walk through the keyspace is under way."""
        return self._search.is_walking

    @property
    def inaccessible(self) -> str:
        """A sentence about what the server does not let us look into; empty where there is no such thing."""
        return self._discovery.inaccessible

    def report(self) -> Sequence[QueueReport]:
        """All queues as of the last pass, in order of framework and name."""
        return self._publisher.reports

    async def sample(self, connection: Client, at: float) -> None:
        """One pass (see `Sampler`), on a connection of its own."""
        has_taken_over = self._handover.detect_takeover()
        if self._context.facts.server.role in _REPLICA_ROLES and not self._settings.replicas:
            self._publisher.reports = ()
            return
        if await self._store.restore():
            self._discovery.selects_always = any(one.id.database != self._own_database for one in self._known)
        if has_taken_over:
            # Whatever has come along with the slots, or with the role.
            self._search.expedite(at)
        await self._search.advance(at)
        await self.read(at)
        self._store.save(at)
        if self._search.error is not None and not len(self._known):
            raise self._search.error

    def is_idle(self, at: float) -> bool:
        """See `IdleSampler`: no queue is known, and there is no reason to look for any."""
        is_replica = self._context.facts.server.role in _REPLICA_ROLES
        return not (len(self._known) or self._search.is_due(at) or self._handover.is_due or is_replica)

    def follow_clock(self, seconds: float) -> None:
        """See `PunctualSampler`."""
        self._search.follow_clock(seconds)
        self._since = self._since and self._since + seconds
        for known in self._known:
            known.alive_at += seconds
        self._store.follow_clock(seconds)
        self._publisher.follow_clock(seconds)
        self._celery.follow_clock(seconds)

    async def read(self, at: float) -> None:
        """Read the known queues, without looking for others."""
        self._since = at if self._since is None else self._since
        self._round_trips = 0
        self._refused = []
        readings = await self._read_all(at)
        self._check_refusals()
        self._publish(self._handover.resolve(readings, at), at)
        self._expire(at)
        self.adviser.advise(at, self._search.queue_commands)

    async def find_all(self, at: float) -> ReplyError | None:
        """Walk through the keyspace now, at full speed, and wait until that is done.

        Returns the error of a server that does not let us: `read` shows what is known without. Raises
        `TargetError`.
        """
        self._since = at if self._since is None else self._since
        try:
            await self._search.walk_now(at)
        except ReplyError as error:
            return error
        return None

    async def look_again(self, at: float) -> None:
        """Look once more at lists that look like queues, to see at which end they grow."""
        for database in self._unknown_lists.databases:
            steps = self._unknown_lists.look_again(database, at)
            await drive(in_database(database, steps) if self._discovery.must_select else steps, self._ask)
        self._unknown_lists.has_new = True

    async def _read_all(self, at: float) -> list[tuple[KnownQueue, Reading]]:
        """Read all known queues: every framework in every database, in lock-step.

        Those that it finds are read along.
        """
        clients = ClientNames()
        groups = self._known.by_framework()
        looking = self._search.steps(self._read_context(at, 0, clients))
        parts: list[Steps[Sequence[tuple[KnownQueue, Reading]]]] = []
        wants_clients = bool(looking) or any(name in _NAMED_CLIENTS for _, name in groups)
        if wants_clients and self._context.support.is_due(_CLIENT_LIST):
            parts.append(_without_result(clients.ask()))
        parts += self._read_groups(groups, at, clients)
        parts += self._read_groups(group_queues(self._handover.arrivals), at, clients)
        parts += [_without_result(steps) for steps in looking]
        found = await drive(together(parts), self._exchange)
        if clients.refusal is not None:
            self._context.support.mark_unsupported(_CLIENT_LIST, clients.refusal)
        self._search.observe_clients(clients, at)
        new = self._not_in(groups)
        found += await drive(together(self._read_groups(new, at, clients)), self._exchange) if new else []
        return [pair for part in found for pair in part]

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
            self._read_group(framework, queues, self._read_context(at, database, clients))
            for (database, name), queues in groups.items()
            if (framework := self._by_name.get(name)) is not None
        ]

    def _read_context(self, at: float, database: int, clients: ClientNames) -> ReadContext:
        heard = self._celery.heartbeats(database)
        return ReadContext(at, self._settings, database, clients, heard, since=self._since)

    def _read_group(
        self, framework: Framework, queues: Sequence[KnownQueue], context: ReadContext
    ) -> Steps[Sequence[tuple[KnownQueue, Reading]]]:
        """All queues of one framework in one database; a fault in the framework costs just these."""
        if framework.name == "celery":
            self._celery.start()
        steps = framework.read(queues, context)
        if self._discovery.must_select:
            steps = in_database(context.database, steps)
        readings = yield from guarded(steps, framework.name)
        return list(zip(queues, readings or (), strict=False))

    async def _ask(self, commands: Sequence[Command]) -> Sequence[Reply]:
        return await self._client.pipeline(commands)

    async def _exchange(self, commands: Sequence[Command]) -> Sequence[Reply]:
        if not commands:
            return []
        self._round_trips += 1
        replies = await self._ask(commands)
        for reply in replies:
            if isinstance(reply, ReplyError) and tells_down(reply):
                # Nothing can be read: that is no empty queue.
                raise reply.copy()
        refused = first_unsupported(replies)
        all_refused = refused is not None and all(isinstance(reply, ReplyError) for reply in replies)
        self._refused.append(refused if all_refused else None)
        return replies

    def _check_refusals(self) -> None:
        """A server that lets us ask nothing at all is not one without queues."""
        if self._refused and all(self._refused):
            error = self._refused[0]
            assert error is not None
            raise error.copy()

    def _publish(self, found: Sequence[tuple[KnownQueue, Reading]], at: float) -> None:
        self._publisher.publish(found, at)
        table = self._context.table
        table.set(families.ROUND_TRIPS, float(self._round_trips))
        if self._search.walk_seconds:
            table.set(families.WALK_DURATION, self._search.walk_seconds)

    def _expire(self, at: float) -> None:
        facts = self._context.facts
        # The keyspace scan tells whose keys these are.
        before = facts.get(QueueKeys).job_prefixes
        jobs = job_keys(self._known)
        facts.provide(QueueKeys(prefixes_of_queues(self._known), before if jobs == before else jobs))
        forget_after = self._settings.forget_after.seconds
        # Of those over the limit nothing is read. No walk is made where nothing is written.
        unseen_since = min(at - _UNSEEN_SECONDS, self._search.walked_since)
        for known in self._known.expire(at - forget_after, max(at - forget_after, unseen_since)):
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
        await self._search.close()
        await self._celery.close()
        await self._connection.close()
        await self._store.close()


def _without_result(steps: Steps[None]) -> Steps[Sequence[tuple[KnownQueue, Reading]]]:
    """Steps that run along with a pass and add nothing to its readings."""
    yield from steps
    return ()
