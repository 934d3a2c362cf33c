"""SENTINEL MASTERS and others: the primaries that a sentinel watches, beyond what its INFO says."""

from collections.abc import Mapping, Sequence
from typing import Final

from exporter.config.samplers.server import SentinelSection
from exporter.connection import Client, Command, Reply
from exporter.errors import ReplyError
from exporter.events import EventKind
from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.server_config import is_secret
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import field_map, label_text, parse_value
from exporter.sampling.server_info import ServerInfo

_MASTER: Final = ("master_name", "master_address")


def _gauge(name: str, help_text: str, *labels: str) -> Family:
    return Family(f"redis_sentinel_{name}", Kind.GAUGE, help_text, labels or _MASTER)


QUORUM_STATUS: Final = _gauge(
    "master_ckquorum_status",
    "Whether the sentinels could agree on a failover; `message` is the first word of the sentinel's answer.",
    "master_name",
    "message",
)
OK_SENTINELS: Final = _gauge("master_ok_sentinels", "Sentinels of a primary that are up, this one included.")
OK_SLAVES: Final = _gauge("master_ok_slaves", "Replicas of a primary that are up.")
FAILOVER: Final = _gauge(
    "master_failover_in_progress", "Whether the sentinel is failing a primary over at this moment."
)
PEER: Final = _gauge(
    "peer_info",
    "Another sentinel that watches a primary; always 1.",
    *_MASTER,
    "name",
    "ip",
    "port",
    "runid",
    "flags",
)
CONFIG_KEY_VALUE: Final = _gauge("config_key_value", "A parameter and its value; always 1.", "key", "value")
CONFIG_VALUE: Final = _gauge("config_value", "The value of a parameter that is a number.", "key")
# Field of SENTINEL MASTERS, the metric that it becomes, and what to multiply by.
_SETTINGS: Final = (
    ("quorum", _gauge("master_setting_ckquorum", "Sentinels that must agree that a primary is down."), 1.0),
    ("failover-timeout", _gauge("master_setting_failover_timeout", "Setting, in milliseconds."), 1.0),
    ("parallel-syncs", _gauge("master_setting_parallel_syncs", "Replicas that sync at a time."), 1.0),
    (
        "down-after-milliseconds",
        _gauge("master_setting_down_after_milliseconds", "Silence after which a primary is down."),
        1.0,
    ),
    ("config-epoch", _gauge("master_config_epoch", "Number of the configuration; a failover adds one."), 1.0),
    (
        "last-ok-ping-reply",
        _gauge("master_last_ok_ping_reply_seconds", "Time since a primary last answered a PING."),
        1e-3,
    ),
)
FAMILIES: Final = (
    QUORUM_STATUS,
    OK_SENTINELS,
    OK_SLAVES,
    FAILOVER,
    PEER,
    CONFIG_KEY_VALUE,
    CONFIG_VALUE,
    *(family for _, family, _ in _SETTINGS),
)
_TOPIC: Final = "masters"
_MAX_MASTERS: Final = 100
_MAX_PEERS: Final = 100
_CKQUORUM_WORDS: Final = frozenset({"OK", "NOQUORUM", "NOGOODSLAVE"})


class SentinelSampler:
    """Asks one sentinel."""

    def __init__(self, context: SamplerContext[SentinelSection]) -> None:
        self._settings = context.settings
        self._context = context
        self._table = context.table
        self._masters = context.new_cap("master_name", _MAX_MASTERS)
        self._peers = context.new_cap("name", _MAX_PEERS)
        self._events = context.events

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        masters = await connection.execute("SENTINEL", "MASTERS")
        found = _details(masters)
        details = found[:_MAX_MASTERS]
        self._masters.leave_out(len(found) - len(details))
        commands: list[Command] = []
        for master in details:
            name = label_text(master.get("name"))
            commands += [("SENTINEL", word, name) for word in ("CKQUORUM", "SENTINELS", "SLAVES")]
        replies = await connection.pipeline(commands) if commands else []
        self._record_failovers(details)
        for index, master in enumerate(details):
            self._write_master(master, replies[index * 3 : index * 3 + 3])
        if self._settings.all:
            await self._write_config(connection)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""

    def _record_failovers(self, masters: Sequence[Mapping[str, Reply]]) -> None:
        """Keep which primaries have another address than the last time, also before a restart of ours."""
        known = self._events.known(_TOPIC) or {}
        now = {label_text(master.get("name")): _address(master) for master in masters}
        for name, address in now.items():
            before = known.get(name)
            if before is not None and before != address:
                fields = {"master_name": name, "before": before, "after": address, "told_by": "sentinel"}
                self._events.record(EventKind.FAILOVER, fields)
        if now != known:
            self._events.remember(_TOPIC, now)

    def _write_master(self, master: Mapping[str, Reply], replies: Sequence[Reply]) -> None:
        name = label_text(master.get("name"))
        labels = (name, _address(master))
        quorum, sentinels, slaves = replies
        _write_quorum(quorum, name, self._table)
        for field, family, scale in _SETTINGS:
            value = parse_value(master.get(field))
            if value is not None:
                self._table.set(family, value * scale, *labels)
        peers = _details(sentinels)
        # This one counts as up: it has just answered.
        self._table.set(OK_SENTINELS, 1.0 + _count_up(peers), *labels)
        self._table.set(OK_SLAVES, float(_count_up(_details(slaves))), *labels)
        flags = label_text(master.get("flags")).split(",")
        self._table.set(FAILOVER, float("failover_in_progress" in flags), *labels)
        if self._settings.peers:
            self._peers.leave_out(len(peers) - _MAX_PEERS)
            for peer in peers[:_MAX_PEERS]:
                values = [label_text(peer.get(field)) for field in PEER.label_names[2:]]
                self._table.set(PEER, 1.0, *labels, *values)

    async def _write_config(self, connection: Client) -> None:
        answers = await self._context.support.ask(
            connection, {"SENTINEL CONFIG": ("SENTINEL", "CONFIG", "GET", "*")}, required=False
        )
        for key, reply in field_map(answers.get("SENTINEL CONFIG")).items():
            if is_secret(key):
                continue
            self._table.set(CONFIG_KEY_VALUE, 1.0, key, label_text(reply))
            value = parse_value(reply)
            if value is not None:
                self._table.set(CONFIG_VALUE, value, key)


def _address(master: Mapping[str, Reply]) -> str:
    return f"{label_text(master.get('ip'))}:{label_text(master.get('port'))}"


def _write_quorum(reply: Reply, name: str, table: SeriesTable) -> None:
    answer = str(reply) if isinstance(reply, ReplyError) else label_text(reply)
    word = answer.partition(" ")[0]
    table.set(QUORUM_STATUS, float(word == "OK"), name, word if word in _CKQUORUM_WORDS else "other")


def _details(reply: Reply) -> list[dict[str, Reply]]:
    return [field_map(item) for item in reply] if isinstance(reply, list) else []


def _count_up(nodes: Sequence[Mapping[str, Reply]]) -> int:
    flags = [label_text(node.get("flags")) for node in nodes]
    return sum("s_down" not in flag and "o_down" not in flag for flag in flags if flag)


def _is_sentinel(server: ServerInfo) -> bool:
    return server.mode == "sentinel"


SPEC: Final = SamplerSpec(
    "sentinel",
    SentinelSection,
    FAMILIES,
    SentinelSampler,
    on_sentinel=True,
    applies=_is_sentinel,
)
