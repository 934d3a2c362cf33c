"""`/api/v2/alerts` and `/api/v2/alerts/groups`."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.alerting.aggregation_group import AggregationGroup
from exporter.alerting.manager import AlertManager
from exporter.alerting.order import sort_alerts
from exporter.clock import Clock
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.time_slice import TimeSlice
from exporter.web.api_v2.body import read_json
from exporter.web.api_v2.decode import decode_alerts, fault_of
from exporter.web.api_v2.encode import encode_alert
from exporter.web.api_v2.filters import AlertFilter, flag
from exporter.web.api_v2.reply import RefusedError, endpoint

AT_ONCE: Final = 500
"""How many alerts are received without a pause."""


def routes(manager: AlertManager, clock: Clock) -> Sequence[Route]:
    """Return the routes about alerts."""
    handlers = _AlertHandlers(manager, clock)
    return (
        Route("/api/v2/alerts", endpoint(handlers.get), methods=["GET"]),
        Route("/api/v2/alerts", endpoint(handlers.post), methods=["POST"]),
        Route("/api/v2/alerts/groups", endpoint(handlers.get_groups), methods=["GET"]),
    )


class _AlertHandlers:
    def __init__(self, manager: AlertManager, clock: Clock) -> None:
        self._manager = manager
        self._clock = clock

    async def get(self, request: Request) -> Any:
        manager, now = self._manager, self._clock.now()
        wanted = AlertFilter(request, manager.config.receiver_labels)
        encoded = [
            encode_alert(alert, status, receivers)
            async for alert in TimeSlice().each(list(manager.alerts))
            if not alert.is_resolved(now)
            and wanted.admits_any(receivers := manager.receivers_of(alert.labels))
            and wanted.admits(alert.labels, status := manager.status(alert.labels))
        ]
        return sorted(encoded, key=lambda one: str(one["fingerprint"]))

    async def post(self, request: Request) -> None:
        manager = self._manager
        posted = await decode_alerts(await read_json(request))
        timeout = manager.config.global_.resolve_timeout.seconds
        faults = [fault_of(alert, self._clock.now(), timeout) async for alert in TimeSlice().each(posted)]
        good = [alert for alert, fault in zip(posted, faults, strict=True) if not fault]
        for start in range(0, len(good), AT_ONCE):
            await manager.receive(good[start : start + AT_ONCE], source="v2")
        if faults := [fault for fault in faults if fault]:
            manager.count_invalid(len(faults), source="v2")
            raise RefusedError("; ".join(faults))

    async def get_groups(self, request: Request) -> Any:
        manager = self._manager
        wanted = AlertFilter(request, manager.config.receiver_labels)
        with_muted = flag(request, "muted")
        shown = [group for group in manager.groups if wanted.admits_any([group.options.receiver])]
        return await _encode_groups(manager, wanted, shown, with_muted, self._clock.now())


async def _encode_groups(
    manager: AlertManager,
    wanted: AlertFilter,
    groups: Sequence[AggregationGroup],
    with_muted: bool,
    now: float,
) -> list[dict[str, Any]]:
    receivers = _receivers_by_alert(groups)
    encoded = []
    turn = TimeSlice()
    for group in _in_order(groups):
        muted_by = manager.muted_by(group)
        alerts = [
            encode_alert(alert, status, receivers.get(alert.labels, ()), muted_by)
            async for alert in turn.each(sort_alerts(group.alerts))
            if not alert.is_resolved(now)
            and wanted.admits(alert.labels, status := manager.status(alert.labels))
        ]
        if alerts and (with_muted or not muted_by):
            shown = {
                "alerts": alerts,
                "labels": group.labels.as_dict(),
                "receiver": {"name": group.options.receiver},
                "routeLabels": group.options.labels.as_dict(),
            }
            encoded.append(shown)
    return encoded


def _receivers_by_alert(groups: Sequence[AggregationGroup]) -> dict[Labels, list[str]]:
    receivers: defaultdict[Labels, list[str]] = defaultdict(list)
    for group in sorted(groups, key=lambda group: group.options.receiver):
        for alert in group.alerts:
            receivers[alert.labels].append(group.options.receiver)
    return receivers


def _in_order(groups: Sequence[AggregationGroup]) -> list[AggregationGroup]:
    """Sort by labels, then by receiver."""
    by_receiver = sorted(groups, key=lambda group: group.options.receiver)
    position = {labels: index for index, labels in enumerate(_sorted_labels(by_receiver))}
    return sorted(by_receiver, key=lambda group: position[group.labels])


def _sorted_labels(groups: Sequence[AggregationGroup]) -> list[Labels]:
    return [alert.labels for alert in sort_alerts([Alert(group.labels) for group in groups])]
