"""A context of pages for tests: parts of the daemon that hold what the test puts there."""

from collections.abc import Callable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporter.alerting.alert_store import MemoryAlertStore
from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics
from exporter.alerting.options import Options
from exporter.clock import Clock, SystemClock
from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.document import Document
from exporter.config.query import QuerySection
from exporter.events import EventLog
from exporter.notify.integration import Integration
from exporter.peers.peers import Peers
from exporter.store import Store
from exporter.web.alert_rows import AlertRows
from exporter.web.api_v1.queries import Queries
from exporter.web.directory import RuleGroups, Targets
from exporter.web.pages.context import PageContext, Reloading
from exporter.web.pages.page_queries import PageQueries
from exporter.web.pages.rendering import Renderer
from exporter.web.pages.routes import frame_of
from tests.web.directory import Current, External, LastReload, Rules, Watched

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Settings:
    """Where people reach the daemon."""

    external_url = "http://vigil"


def page_context(
    store: Store | None = None,
    targets: Targets | None = None,
    rules: RuleGroups | None = None,
    manager: AlertManager | None = None,
    *,
    clock: Clock | None = None,
    alertmanager: str = CONFIG,
    reloads: Reloading | None = None,
    integrations: Callable[[Receiver], Sequence[Integration]] = lambda _: (),
    events: Path | None = None,
) -> PageContext:
    """A context in which everything that is not given is empty."""
    clock = clock or SystemClock()
    store = store or Store(retention_ms=3_600_000)
    targets, rules = targets or Watched(), rules or Rules()
    manager = manager or alert_manager(clock, alertmanager, integrations)
    current = Current()
    return PageContext(
        store,
        targets,
        rules,
        manager,
        AlertRows(rules, manager, External(), clock),
        EventLog(events, clock, CollectorRegistry(), retention_ms=30 * 86_400_000, max_bytes=1 << 30),
        PageQueries(Queries(store, QuerySection())),
        current,
        Settings(),
        clock,
        Renderer(clock, frame_of(targets, rules, current)),
        reloads or LastReload(),
        Peers("this", clock, CollectorRegistry()),
    )


def alert_manager(
    clock: Clock,
    alertmanager: str = CONFIG,
    integrations: Callable[[Receiver], Sequence[Integration]] = lambda _: (),
) -> AlertManager:
    """What Alertmanager does, with nothing that outlives it."""
    return AlertManager(
        parse_alertmanager_config(Document.parse(alertmanager, "alertmanager.yml")),
        integrations,
        clock=clock,
        alert_store=MemoryAlertStore(),
        metrics=Metrics(CollectorRegistry()),
        external_url="http://vigil",
        options=Options(hold_seconds=0),
    )
