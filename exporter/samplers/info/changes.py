"""Changes of a server between two INFOs, as events: restarts, versions, roles, failovers, replicas, slots."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Self

from exporter.events import EventKind, EventRecorder
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.slots import Slots

_TOPIC: Final = "server"
# As people call them.
_ROLES: Final = {"master": "primary", "slave": "replica"}


@dataclass(frozen=True, slots=True)
class Identity:
    """What an INFO says of which server it is; `slots` is empty where it is not part of a cluster."""

    run_id: str = ""
    version: str = ""
    role: str = ""
    primary: str = ""
    replication_ids: Sequence[str] = ()
    replicas: Sequence[str] = ()
    slots: str = ""
    modules: Sequence[str] = field(default=())

    @classmethod
    def of(cls, server: ServerInfo, slots: str) -> Self:
        """Make it from the last INFO."""
        return cls(
            run_id=server.run_id,
            version=f"{server.engine} {'.'.join(map(str, server.version))}".rstrip(),
            role=_ROLES.get(server.role, server.role),
            primary=server.primary,
            replication_ids=sorted(server.replication_ids),
            replicas=sorted(server.replicas),
            slots=slots,
            modules=sorted(server.modules),
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Make it from what was remembered, by whatever version."""
        return cls(**{name: value[name] for name in cls.__dataclass_fields__ if name in value})


class ServerChanges:
    """Compares each INFO of one server with the one before, also with the last before a restart of ours."""

    def __init__(self, events: EventRecorder) -> None:
        self._events = events
        self._seen: tuple[object, ...] = ()
        self._known: Identity | None = None
        self._seen_at = 0.0

    def note(self, server: ServerInfo, slots: Slots, at: float) -> None:
        """Note what an INFO has said at a moment (epoch seconds)."""
        seen = (
            server.run_id,
            server.version,
            server.role,
            server.primary,
            server.replicas,
            server.replication_ids,
            server.modules,
            slots.generation,
        )
        if seen != self._seen:
            self._compare(server, slots, at)
        self._seen, self._seen_at = seen, at

    def _compare(self, server: ServerInfo, slots: Slots, at: float) -> None:
        known = self._known
        if known is None and (kept := self._events.known(_TOPIC)) is not None:
            known = Identity.from_json(kept)
        now = Identity.of(server, slots.text)
        if known is not None:
            if not slots.text:
                # Not asked yet, or not told.
                now = replace(now, slots=known.slots)
            self._record(known, now, server, at)
        if now != known:
            self._events.remember(_TOPIC, asdict(now))
        self._known = now

    def _record(self, before: Identity, now: Identity, server: ServerInfo, at: float) -> None:
        if before.run_id and now.run_id and before.run_id != now.run_id:
            self._record_run(server, at)
        if before.version != now.version:
            self._events.record(EventKind.VERSION_CHANGE, {"before": before.version, "after": now.version})
        _record_sets(self._events, EventKind.VERSION_CHANGE, "modules", before.modules, now.modules)
        if before.role != now.role:
            self._record_role(before, now)
        elif before.primary != now.primary:
            self._events.record(
                EventKind.TOPOLOGY_CHANGE,
                {"what": "primary", "before": before.primary, "after": now.primary},
            )
        _record_sets(self._events, EventKind.TOPOLOGY_CHANGE, "replicas", before.replicas, now.replicas)
        if before.slots != now.slots and before.slots:
            self._events.record(
                EventKind.TOPOLOGY_CHANGE, {"what": "slots", "before": before.slots, "after": now.slots}
            )

    def _record_run(self, server: ServerInfo, at: float) -> None:
        started_at = server.started_at
        if 0 < started_at <= self._seen_at - 1.0:
            # It ran already when the former one was last heard.
            self._events.record(EventKind.TOPOLOGY_CHANGE, {"what": "server", "started_at": started_at})
            return
        fields = {"started_at": round(started_at, 3), "last_seen_at": round(self._seen_at, 3) or None}
        self._events.record(EventKind.RESTART, fields, at=started_at if 0 < started_at < at else None)

    def _record_role(self, before: Identity, now: Identity) -> None:
        fields = {"before": before.role, "after": now.role, "primary": now.primary}
        self._events.record(EventKind.ROLE_CHANGE, fields)
        # The id that it was last seen with may be of before its first synchronisation.
        is_same_run = bool(now.run_id) and before.run_id == now.run_id
        is_same_data = not set(before.replication_ids).isdisjoint(now.replication_ids)
        if before.role == "replica" and now.role == "primary" and (is_same_run or is_same_data):
            self._events.record(
                EventKind.FAILOVER, {"before": before.primary, "after": "", "told_by": "the promoted replica"}
            )


def _record_sets(
    events: EventRecorder, kind: EventKind, what: str, before: Sequence[str], now: Sequence[str]
) -> None:
    if list(before) != list(now):
        came, gone = sorted(set(now) - set(before)), sorted(set(before) - set(now))
        events.record(kind, {"what": what, "new": came, "gone": gone})
