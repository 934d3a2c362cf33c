"""ACL LOG: denials of a server, counted by reason and context."""

from typing import Final

from exporter.config.samplers.server import AclSection
from exporter.connection import Client
from exporter.model.sample import Family, Kind
from exporter.samplers.acl_events import AclRecorder
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import field_map, label_text, parse_value
from exporter.sampling.server_info import ServerInfo

DENIALS: Final = Family(
    "redis_acl_log_denials",
    Kind.GAUGE,
    "Denials that stand in the ACL log, by reason and context; the log keeps the newest kinds only.",
    ("reason", "context"),
)
NEWEST_AGE: Final = Family(
    "redis_acl_log_newest_age_seconds", Kind.GAUGE, "Seconds since something was last denied."
)
# What a server keeps by default.
_MAX_ENTRIES: Final = 128
_REASONS: Final = frozenset({"auth", "command", "key", "channel", "db", "database", "tls-cert"})
_CONTEXTS: Final = frozenset({"toplevel", "multi", "lua", "script", "module"})
_SINCE: Final = (6, 0)
_LOG: Final = "ACL LOG"


class AclSampler:
    """Reads the ACL log of one server; neither users nor keys are told."""

    def __init__(self, context: SamplerContext[AclSection]) -> None:
        self._table = context.table
        self._support = context.support
        self._recorder = AclRecorder(context.events)

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        answers = await self._support.ask(connection, {_LOG: ("ACL", "LOG", _MAX_ENTRIES)})
        reply = answers[_LOG]
        entries = [field_map(entry) for entry in reply[:_MAX_ENTRIES]] if isinstance(reply, list) else []
        self._recorder.note(entries, at)
        counts: dict[tuple[str, str], float] = {}
        for entry in entries:
            reason, context = label_text(entry.get("reason")), label_text(entry.get("context"))
            count = parse_value(entry.get("count"))
            if count is None or count < 0:
                continue
            labels = (reason if reason in _REASONS else "other", context if context in _CONTEXTS else "other")
            counts[labels] = counts.get(labels, 0.0) + count
        for labels, total in counts.items():
            self._table.set(DENIALS, total, *labels)
        # Kinds that do not stand in the log stand in it 0 times.
        self._table.tell_all(DENIALS)
        ages = [age for entry in entries if (age := parse_value(entry.get("age-seconds"))) is not None]
        if ages:
            self._table.set(NEWEST_AGE, min(ages))

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


def _knows_acls(server: ServerInfo) -> bool:
    return not () < server.redis_version < _SINCE


SPEC: Final = SamplerSpec(
    "acl",
    AclSection,
    (DENIALS, NEWEST_AGE),
    AclSampler,
    on_sentinel=True,
    applies=_knows_acls,
)
