"""Finds the queues of a server: from the frameworks' indexes often, by a walk through the keyspace now and
then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from exporter.config.samplers.queues import QueuesSection
from exporter.errors import ReplyError
from exporter.samplers.queues.base import Found, Framework, Moment, Sightings
from exporter.samplers.queues.foresight import Foresight, foreseen
from exporter.samplers.queues.hints import Hints, ask_types
from exporter.samplers.queues.known import KnownQueues
from exporter.samplers.queues.replies import text
from exporter.samplers.queues.steps import Exchange, Steps, drive, guarded, in_database, together
from exporter.samplers.queues.walk import Pace, Walk

_NOTHING_SEEN = Sightings()


class QueueFinder:
    """Adds what it finds to the known queues.

    `databases` are those in which queues are looked for, the target's own first. `selects_always` is set
    where queues of other databases are known from before. `hints` tell which keys that others came by are
    worth a look.
    """

    def __init__(
        self,
        frameworks: Sequence[Framework],
        known: KnownQueues,
        settings: QueuesSection,
        own_database: int,
    ) -> None:
        self.databases: tuple[int, ...] = (own_database,)
        self.selects_always = False
        self.hints = Hints(frameworks)
        self._frameworks = frameworks
        self._known = known
        self._settings = settings
        self._own_database = own_database
        self._foresight: dict[int, Foresight] = {}

    @property
    def must_select(self) -> bool:
        """Whether the database has to be named: the connection's own is not the only one."""
        return self.selects_always or self.databases != (self._own_database,)

    async def walk(self, moment: Moment, exchange: Exchange, pace: Pace) -> None:
        """Walk through all databases.

        Raises `TargetError`, and `ReplyError` where SCAN is refused; what the indexes know has been found
        even then.
        """
        self.databases = await self._find_databases(exchange)
        await drive(self.ask_indexes(moment), exchange)
        for database in self.databases:
            select = database if self.must_select else None
            seen = await Walk(self._frameworks, exchange, pace=pace).run(select)
            await drive(self._recognise(moment, database, seen), exchange)

    async def _find_databases(self, exchange: Exchange) -> tuple[int, ...]:
        own = self._own_database
        if self._settings.databases != "auto":
            return tuple(dict.fromkeys([*self._settings.databases])) or (own,)
        (reply,) = await exchange([("INFO", "keyspace")])
        found = {own, *parse_databases(text(reply) or "")}
        if len(found) == 1:
            return (own,)
        others = sorted(found - {own})
        # Clusters and some managed servers have just one.
        (changed, *_) = await exchange([("SELECT", others[0]), ("SELECT", own)])
        return (own,) if isinstance(changed, ReplyError) else (own, *others)

    def ask_indexes(self, moment: Moment) -> Steps[None]:
        """Look into the frameworks' indexes; no walk. To be run together with a pass."""
        yield from together(
            [
                foreseen(
                    self._foresight.setdefault(database, Foresight()), self._recognise(moment, database, {})
                )
                for database in self.databases
            ]
        )

    def take_hints(self, names: Mapping[int, Sequence[bytes]], moment: Moment) -> Steps[None]:
        """Look at keys of these names, by database: the queues among them become known."""
        yield from together(
            [
                self._look_at(names[database], moment, database)
                for database in self.databases
                if database in names
            ]
        )

    def _look_at(self, names: Sequence[bytes], moment: Moment, database: int) -> Steps[None]:
        steps = ask_types(names)
        keys = yield from (in_database(database, steps) if self.must_select else steps)
        if keys:
            yield from self._recognise(moment, database, self.hints.sightings(keys))

    def _recognise(self, moment: Moment, database: int, seen: Mapping[str, Sightings]) -> Steps[None]:
        here = replace(moment, database=database, known=self._known, own_database=self._own_database)
        steps = together(
            [
                guarded(framework.find(seen.get(framework.name, _NOTHING_SEEN), here), framework.name)
                for framework in self._frameworks
            ]
        )
        found = yield from (in_database(database, steps) if self.must_select else steps)
        for framework, queues in zip(self._frameworks, found, strict=True):
            self._take(framework, queues or (), moment.at)

    def _take(self, framework: Framework, found: Sequence[Found], at: float) -> None:
        for one in found:
            label = framework.label(one.queue)
            if not any(fnmatchcase(label, pattern) for pattern in self._settings.ignore):
                self._known.see(one.queue, label, at, one.notes)


def parse_databases(info: str) -> list[int]:
    """The databases that hold keys, from INFO's section `keyspace`."""
    names = [line.partition(":")[0] for line in info.splitlines() if line.startswith("db")]
    return [int(name[2:]) for name in names if name[2:].isdigit()]
