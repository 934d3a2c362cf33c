"""Saves the alerts of the rules."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from exporter.model.labels import Labels
from exporter.rules.active import AlertState
from exporter.rules.model import GroupKey, RuleIdentity
from exporter.rules.saved import MemoryAlertState, SavedAlert, SavedGroup, StateChange
from exporter.state.database import Database
from exporter.state.encoding import dump, read_all


class SqliteAlertState:
    """Implements `exporter.rules.saved.AlertStateStore` on a `Database` that others may use too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A copy of what the file has, for when it is lost.
        self._memory = MemoryAlertState()
        self._is_loaded = False
        database.on_loss(self._rewrite)

    async def load(self) -> Mapping[GroupKey, SavedGroup]:
        """Return the alerts of all groups."""
        groups = await self._database.read(_read_groups)
        self._memory.restore(groups)
        self._is_loaded = True
        return groups

    async def save(self, group: GroupKey, change: StateChange) -> None:
        """Save the changes of one evaluation of a group."""
        await self._memory.save(group, change)
        await self._database.run(lambda connection: _write_change(connection, group, change))

    async def delete(self, group: GroupKey) -> None:
        """Delete the alerts of a group."""
        await self._memory.delete(group)

        def drop(connection: sqlite3.Connection) -> None:
            for table in ("rule_groups", "rule_alerts"):
                connection.execute(
                    f"DELETE FROM {table} WHERE file = ? AND name = ?", (group.file, group.name)
                )

        await self._database.run(drop)

    def _rewrite(self, connection: sqlite3.Connection) -> None:
        if self._is_loaded:
            for table in ("rule_groups", "rule_alerts"):
                connection.execute(f"DELETE FROM {table}")
        for key, group in self._memory.groups().items():
            _write_change(connection, key, StateChange(group.evaluated_at_ms, group.alerts))


def _read_groups(connection: sqlite3.Connection) -> dict[GroupKey, SavedGroup]:
    groups = {}
    for file, name, evaluated_at_ms in connection.execute(
        "SELECT file, name, evaluated_at_ms FROM rule_groups"
    ):
        rows = connection.execute("SELECT value FROM rule_alerts WHERE file = ? AND name = ?", (file, name))
        alerts = read_all((row[0] for row in rows), _decode)
        groups[GroupKey(file, name)] = SavedGroup(evaluated_at_ms, tuple(alerts))
    return groups


def _write_change(connection: sqlite3.Connection, group: GroupKey, change: StateChange) -> None:
    place = (group.file, group.name)
    connection.execute(
        "INSERT OR REPLACE INTO rule_groups VALUES (?, ?, ?)", (*place, change.evaluated_at_ms)
    )
    connection.executemany(
        "DELETE FROM rule_alerts WHERE file = ? AND name = ? AND key = ?",
        ((*place, _key(one.rule, one.labels)) for one in change.dropped),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO rule_alerts VALUES (?, ?, ?, ?)",
        ((*place, _key(one.rule, one.labels), _encode(one)) for one in change.written),
    )


def _key(rule: RuleIdentity, labels: Labels) -> str:
    return dump([rule.name, rule.labels, rule.ordinal, labels.pairs])


def _encode(alert: SavedAlert) -> str:
    rule = alert.rule
    return dump(
        {
            "rule": [rule.name, rule.labels, rule.ordinal],
            "labels": alert.labels.pairs,
            "annotations": alert.annotations,
            "value": alert.value,
            "state": alert.state.value,
            "activeAt": alert.active_at_ms,
            "firedAt": alert.fired_at_ms,
            "resolvedAt": alert.resolved_at_ms,
            "keepFiringSince": alert.keep_firing_since_ms,
            "lastSentAt": alert.last_sent_at_ms,
        }
    )


def _decode(data: dict[str, Any]) -> SavedAlert:
    name, labels, ordinal = data["rule"]
    return SavedAlert(
        RuleIdentity(name, _texts(labels), ordinal),
        Labels(_texts(data["labels"])),
        _texts(data["annotations"]),
        data["value"],
        AlertState(data["state"]),
        data["activeAt"],
        data["firedAt"],
        data["resolvedAt"],
        data["keepFiringSince"],
        data["lastSentAt"],
    )


def _texts(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs)
