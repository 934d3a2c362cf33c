"""Schedules the search for queues: by frameworks' indexes now and then, and by a walk in the background."""

import asyncio
from typing import Final

from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.errors import ReplyError, TargetError
from exporter.keyspace.guard import ServerChangedError
from exporter.log import LogLimit, get_logger
from exporter.queues.base import ReadContext
from exporter.queues.clients import ClientNames
from exporter.queues.discovery import QueueDiscovery
from exporter.queues.known import KnownQueues
from exporter.queues.steps import Exchange, Steps
from exporter.queues.walk import Walker
from exporter.sampling.base import SamplerContext
from exporter.sampling.pace import Budget

log = get_logger(__name__)

# The first pass waits so long for the first walk, and no more than this share of its own deadline, so that
# it already shows what there is.
_FIRST_WALK_SECONDS: Final = 2.0
_FIRST_WALK_SHARE: Final = 0.4
_RETRY_WALK_SECONDS: Final = 60.0
# A walk that is over so soon sees every key that the indexes would name: these are then asked less often, by
# this factor.
_QUICK_WALK_SECONDS: Final = 5.0
_RARELY: Final = 3


class QueueSearch:
    """Runs the discovery whenever it is time, or there is a reason to.

    `error` is that of the last walk, `walk_seconds` how long the last good one took, `walked_since` when it
    began (epoch seconds; 0: none has ended well); `queue_commands` are what
    connections were seen to do that workers and producers do.
    """

    def __init__(
        self,
        context: SamplerContext[QueuesSection],
        discovery: QueueDiscovery,
        known: KnownQueues,
        connection: Connection,
        ask: Exchange,
    ) -> None:
        self.error: TargetError | None = None
        self.walk_seconds = 0.0
        self.walked_since = 0.0
        self.queue_commands: frozenset[str] = frozenset()
        self._context = context
        self._settings = context.settings
        self._discovery = discovery
        self._known = known
        self._connection = connection
        self._ask = ask
        self._walk: asyncio.Task[None] | None = None
        self._log_limit = LogLimit()
        self._walk_due_at = 0.0
        self._index_due_at = 0.0
        # What the server said of writes when queues were last looked for: see `TargetFacts.writes`.
        self._walked_at: object = None
        self._indexed_at: object = None

    @property
    def is_walking(self) -> bool:
        """Whether a walk is under way."""
        return self._walk is not None and not self._walk.done()

    def is_due(self, at: float) -> bool:
        """Whether there is anything to do at this moment, or something is under way."""
        is_looking = self._walk is not None or self._discovery.has_names
        return is_looking or self._is_walk_due(at) or self._is_index_due(at)

    def expedite(self, at: float) -> None:
        """Look again at once: something has come from elsewhere."""
        self._walk_due_at = min(self._walk_due_at, at)
        self._index_due_at = min(self._index_due_at, at)
        self._walked_at = self._indexed_at = None

    async def walk_now(self, at: float) -> None:
        """Walk through the keyspace at full speed, and wait until that is done. Raises `TargetError`."""
        self._walk_due_at = at + self._settings.discovery_interval.seconds
        await self._walk_through(at, Budget(share=None))

    async def advance(self, at: float) -> None:
        """Start a walk when one is due.

        Only the very first pass, and one after a refusal, waits for it, and not for long.
        """
        self._end_walk(at)
        is_first = self._walk is None and (self._walk_due_at == 0.0 or isinstance(self.error, ReplyError))
        if not self.is_walking and self._is_walk_due(at):
            self._walk_due_at = at + self._settings.discovery_interval.seconds
            self._walk = asyncio.create_task(self._walk_through(at, Budget()))
        if is_first and self._walk is not None:
            most = self._context.timeout_seconds * _FIRST_WALK_SHARE
            await asyncio.wait({self._walk}, timeout=min(_FIRST_WALK_SECONDS, most))
            self._end_walk(at)

    def _end_walk(self, at: float) -> None:
        """Take note of how a walk has ended, if one has."""
        if self._walk is not None and self._walk.done():
            walk, self._walk = self._walk, None
            self._walk_failed(walk.exception(), at)

    async def _walk_through(self, at: float, budget: Budget) -> None:
        clock, facts = self._context.clock, self._context.facts
        started, writes = clock.monotonic(), facts.server.writes
        walker = Walker(self._connection, facts.turns, clock, budget=budget)
        sizes = facts.server.keys_by_database if facts.server.run_id else None
        try:
            await self._discovery.walk(ReadContext(at, self._settings), self._ask, walker, sizes)
        except ServerChangedError:
            # It has been restarted: the next pass begins anew.
            self._walk_due_at = 0.0
            return
        self.walk_seconds = clock.monotonic() - started
        self.walked_since = at
        self._walked_at = writes

    def _walk_failed(self, error: BaseException | None, at: float) -> None:
        """A walk has ended, with an error or without; what the indexes know is read all the same."""
        self.error = None
        if error is None:
            return
        # A server that refuses SCAN is asked again at the usual time.
        if not isinstance(error, ReplyError):
            self._walk_due_at = min(self._walk_due_at, at + _RETRY_WALK_SECONDS)
        if not isinstance(error, TargetError):
            raise error
        if len(self._known):
            besides = self._log_limit.fields(self._context.clock.monotonic())
            if besides is not None:
                instance = self._context.target.instance
                log.warning("cannot look for queues", instance=instance, error=error, **besides)
        else:
            self.error = error

    def _is_walk_due(self, at: float) -> bool:
        return at >= self._walk_due_at and self._has_written_since(self._walked_at)

    def _is_index_due(self, at: float) -> bool:
        facts = self._context.facts
        is_time = at >= self._index_due_at and self._has_written_since(self._indexed_at)
        return is_time or self._discovery.are_new(facts.server.keys_by_database)

    def _has_written_since(self, seen: object) -> bool:
        """Whether anything may have been written since the server said this of writes."""
        writes = self._context.facts.server.writes
        return writes is None or writes != seen

    def steps(self, context: ReadContext) -> list[Steps[None]]:
        """Return the steps of this pass that look for queues."""
        looking: list[Steps[None]] = []
        if self._is_index_due(context.at):
            is_walk_quick = 0.0 < self.walk_seconds < _QUICK_WALK_SECONDS
            rarely = _RARELY if is_walk_quick else 1
            self._index_due_at = context.at + rarely * self._settings.index_interval.seconds
            self._indexed_at = self._context.facts.server.writes
            looking.append(self._look_into_indexes(context))
        if self._discovery.has_names:
            looking.append(self._discovery.look_at_names(context))
        return looking

    def _look_into_indexes(self, context: ReadContext) -> Steps[None]:
        facts = self._context.facts
        if facts.server.run_id:
            yield from self._discovery.learn_databases(facts.server.keys_by_database)
        yield from self._discovery.ask_indexes(context)

    def observe_clients(self, clients: ClientNames, at: float) -> None:
        """Connections that do what workers and producers do, and did not before, are a reason to look."""
        if clients.queue_commands - self.queue_commands:
            self._walk_due_at = min(self._walk_due_at, at)
        self.queue_commands |= clients.queue_commands

    def follow_clock(self, seconds: float) -> None:
        """The clock was set by so much."""
        self._walk_due_at = self._walk_due_at and self._walk_due_at + seconds
        self._index_due_at = self._index_due_at and self._index_due_at + seconds
        self.walked_since = self.walked_since and self.walked_since + seconds

    async def close(self) -> None:
        """End the walk under way."""
        if self._walk is not None:
            self._walk.cancel()
            await asyncio.gather(self._walk, return_exceptions=True)
