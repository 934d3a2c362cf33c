"""The page `/`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.health import missing_of
from exporter.notify.not_sent import NotSent
from exporter.samplers.runner import TargetRunner
from exporter.time_slice import TimeSlice
from exporter.web.pages.address import Address
from exporter.web.pages.context import PageContext
from exporter.web.pages.overview.day import AlertDays
from exporter.web.pages.overview.elsewhere import look_elsewhere
from exporter.web.pages.overview.figures import FEW_POINTS, POINTS, FigureReader
from exporter.web.pages.overview.findings import read_findings
from exporter.web.pages.overview.happened import read_happened
from exporter.web.pages.overview.listing import Block, Wanted, list_servers
from exporter.web.pages.overview.rows import COLUMNS, Row, Sums, make_row, sum_group
from exporter.web.pages.overview.servers import SIGNS, read_servers
from exporter.web.pages.overview.topology import (
    GroupKind,
    ServerGroup,
    group_by_label,
    group_by_topology,
    is_replica,
    is_sentinel,
)
from exporter.web.pages.overview.verdict import sum_up

MOST_FINDINGS: Final = 10
MOST_MISSING: Final = 20
_MOST_LABELS: Final = 30
# With more rows lines have fewer points, so that the page stays small.
_MOST_DETAILED: Final = 50
_WATCHED: Final = "redis_sentinel_master_status"


def routes(context: PageContext) -> Sequence[BaseRoute]:
    """The route of the overview."""
    days = AlertDays(context.queries)

    async def show(request: Request) -> Response:
        return await _Overview(context, Address.of(request), days).show(request)

    return [Route("/", context.renderer.handler(show), methods=["GET"])]


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A group as the template shows it; `about` says what it is, `opens` leads to all of it."""

    key: str
    name: str
    about: str
    in_need: int
    size: int
    sign: str
    rows: Sequence[Row]
    sums: Sums | None
    has_more: int
    opens: str


class _Overview:
    """One look at everything."""

    def __init__(self, context: PageContext, address: Address, days: AlertDays) -> None:
        self._context = context
        self._days = days
        self._address = address
        self._now = context.clock.now()
        self._reader = FigureReader(context.store, round(self._now * 1000))

    async def show(self, request: Request) -> Response:
        context, turn = self._context, TimeSlice()
        wanted = Wanted.read(self._address)
        runners = list(context.targets.runners)
        findings = await read_findings(context, runners, turn)
        labels = _labels(runners)
        groups = await self._groups(runners, wanted, turn)
        await turn.yield_control()
        servers = [
            (group, await read_servers(group, self._reader, findings.by_instance, turn)) for group in groups
        ]
        table = list_servers(wanted, servers)
        points = POINTS if len(table.rows) <= _MOST_DETAILED else FEW_POINTS
        blocks = [await self._block(block, points, turn) for block in table.blocks]
        missing = [one for one in runners if one.unavailable.commands]
        elsewhere = look_elsewhere(context.peers.states, self._now)
        return await context.renderer.page(
            request,
            "overview.html",
            verdict=sum_up(findings, runners, self._now, is_expected=self._is_expected, elsewhere=elsewhere),
            elsewhere=elsewhere,
            is_expected=self._is_expected,
            findings=findings,
            shown_findings=findings.folded[:MOST_FINDINGS],
            wanted=wanted,
            columns=COLUMNS,
            total=len(runners),
            table=table,
            blocks=blocks,
            groups=len(groups),
            labels=labels,
            missing={one.target.instance: missing_of(one.unavailable) for one in missing[:MOST_MISSING]},
            more_missing=max(0, len(missing) - MOST_MISSING),
            happened=await read_happened(context, self._address, self._now),
            day=await self._days.draw(findings, self._now),
            is_anybody_told=any(
                not isinstance(one, NotSent)
                for integrations in context.alerting.integrations.values()
                for one in integrations
            ),
            has_rules=any(group.alerting_rules for group in context.rules.groups),
        )

    @property
    def _is_expected(self) -> bool:
        """Whether the configuration names servers, or somebody who knows of some."""
        config = self._context.in_force.config
        return bool(config.targets or not config.discovery.is_empty)

    async def _groups(
        self, runners: Sequence[TargetRunner], wanted: Wanted, turn: TimeSlice
    ) -> Sequence[ServerGroup]:
        if wanted.grouping and wanted.grouping != "nothing":
            return await group_by_label(runners, wanted.grouping, turn)
        return await group_by_topology(runners, self._watched, turn)

    def _watched(self, sentinel: TargetRunner) -> Mapping[str, str]:
        """The primaries that a Sentinel watches, as it has told last."""
        group = self._context.store.group(f"{sentinel.target.instance}/{sentinel.health_sampler}")
        if group is None:
            return {}
        schema = group.layout.schema
        told = [schema.points[index].written for index in schema.by_name.get(_WATCHED, ())]
        return {labels.get("master_name"): labels.get("master_address") for labels in told}

    async def _block(self, block: Block, points: int, turn: TimeSlice) -> ShownBlock:
        group, rows = block.group, []
        for server in block.rows:
            trends = self._reader.trends(server.runner, server.acknowledged, points)
            rows.append(make_row(server, trends, self._address, self._now, is_flat=group is None))
            await turn.yield_control()
        key = group.key if group is not None else ""
        return ShownBlock(
            key,
            (group.name or "on their own") if group is not None else "",
            about(group) if group is not None else "",
            block.in_need,
            len(block.members),
            min((one.sign for one in block.members), key=SIGNS.index, default="ok"),
            rows,
            sum_group(block.members) if block.is_closed else None,
            block.has_more,
            self._address.with_(open=key),
        )


def about(group: ServerGroup) -> str:
    """Say what holds a group together: `cluster, 3 primaries and 3 replicas`."""
    members = group.members
    sentinels = sum(map(is_sentinel, members))
    replicas = sum(map(is_replica, members))
    primaries = len(members) - sentinels - replicas
    parts = _plural(primaries, "primary", "primaries")
    parts += f" and {_plural(replicas, 'replica', 'replicas')}" if replicas else ""
    watchers = f", watched by {_plural(sentinels, 'Sentinel', 'Sentinels')}" if sentinels else ""
    if group.kind is GroupKind.CLUSTER:
        return f"cluster, {parts}{watchers}"
    if group.kind is GroupKind.REPLICATION:
        shown = f"primary with {_plural(replicas, 'replica', 'replicas')}" if primaries == 1 else parts
        return f"{shown}{watchers}"
    if group.kind is GroupKind.SENTINELS:
        return f"{_plural(sentinels, 'Sentinel', 'Sentinels')} of several primaries"
    return ""


def _labels(runners: Sequence[TargetRunner]) -> Sequence[str]:
    """The labels that servers can be grouped by."""
    counts = Counter(name for runner in runners for name, _ in runner.target.labels.pairs)
    return sorted(name for name, _ in counts.most_common(_MOST_LABELS))


def _plural(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
