"""The changes sampler: CONFIG GET and ACL LIST, compared with the last time."""

from collections.abc import Sequence
from typing import Final

from exporter.config.samplers.changes import ChangesSection
from exporter.connection import Client, Command, Reply
from exporter.events import EventKind, FieldValue
from exporter.model.sample import Family, Kind
from exporter.samplers.changes import parameters, users
from exporter.samplers.server_config import ServerConfig
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import field_map, label_text

CHANGES: Final = Family(
    "redis_config_changes_total",
    Kind.COUNTER,
    "Changes that were seen: of values of CONFIG (config), and of users of ACLs (acl).",
    ("what",),
)
_CONFIG_GET: Final = "CONFIG GET"
_ACL_LIST: Final = "ACL LIST"
_CONFIG_TOPIC: Final = "config"
_ACL_TOPIC: Final = "acl"
_TAKES_MANY_SINCE: Final = (7, 0)
_ACLS_SINCE: Final = (6, 0)
# Others than these have their own idea of patterns.
_ENGINES: Final = frozenset({"redis", "valkey"})
_CONFIG_WORDS: Final = ("CONFIG SET",)
_ACL_WORDS: Final = ("ACL SETUSER", "ACL DELUSER", "ACL LOAD", "CONFIG SET")


class ChangesSampler:
    """Compares the configuration and the users of one server with the last time, also before a restart."""

    def __init__(self, context: SamplerContext[ChangesSection]) -> None:
        self._table = context.table
        self._support = context.support
        self._facts = context.facts
        self._events = context.events
        self._counts = {"config": 0, "acl": 0}
        self._looked_at = 0.0

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        config = await self._ask(connection, _CONFIG_GET, self._config_commands)
        acl = await self._ask(connection, _ACL_LIST, self._acl_commands)
        if not config and not acl:
            self._support.require(_CONFIG_GET)
        if config:
            values = {name: label_text(value) for reply in config for name, value in field_map(reply).items()}
            self._compare_config(parameters.comparable(values))
        if acl:
            self._compare_users(users.read_users(acl[0]))
        self._looked_at = at
        for what, count in self._counts.items():
            self._table.set(CHANGES, float(count), what)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""

    @property
    def _config_commands(self) -> Sequence[Command]:
        server = self._facts.server
        takes_many = server.engine in _ENGINES and server.redis_version >= _TAKES_MANY_SINCE
        return parameters.commands(self._facts.get(ServerConfig).command, takes_many=takes_many)

    @property
    def _acl_commands(self) -> Sequence[Command]:
        knows_acls = not () < self._facts.server.redis_version < _ACLS_SINCE
        return [("ACL", "LIST")] if knows_acls else []

    async def _ask(self, connection: Client, name: str, commands: Sequence[Command]) -> Sequence[Reply]:
        """Return the replies; none where one of the commands is refused."""
        if not commands or not self._support.is_due(name):
            return ()
        replies = [self._support.check_reply(name, one) for one in await connection.pipeline(commands)]
        return () if None in replies else replies

    def _compare_config(self, now: dict[str, str]) -> None:
        known = self._events.known(_CONFIG_TOPIC)
        if known is not None:
            found = list(parameters.changes(known, now))
            self._counts["config"] += len(found)
            who = self._facts.authors.find(_CONFIG_WORDS, self._looked_at)
            for change in found[: parameters.MAX_CHANGES]:
                fields: dict[str, FieldValue] = {
                    "parameter": change.name,
                    "before": change.before,
                    "after": change.after,
                    "more": max(0, len(found) - parameters.MAX_CHANGES) or None,
                }
                self._events.record(EventKind.CONFIG_CHANGE, fields | who)
        if now and now != known:
            self._events.remember(_CONFIG_TOPIC, now)

    def _compare_users(self, now: dict[str, users.User]) -> None:
        known = self._events.known(_ACL_TOPIC)
        value = users.remembered(now)
        if known is not None:
            found = list(users.changed_users(known, now))
            self._counts["acl"] += len(found)
            who = self._facts.authors.find(_ACL_WORDS, self._looked_at)
            for change in found[: parameters.MAX_CHANGES]:
                fields: dict[str, FieldValue] = {
                    "user": change.name,
                    "change": change.change,
                    "before": change.before,
                    "after": change.after,
                    "passwords_changed": change.has_new_passwords,
                }
                self._events.record(EventKind.ACL_CHANGE, fields | who)
        if value != known:
            self._events.remember(_ACL_TOPIC, value)


SPEC: Final = SamplerSpec(
    "changes",
    ChangesSection,
    (CHANGES,),
    ChangesSampler,
    uses_previous=(ServerConfig,),
)
