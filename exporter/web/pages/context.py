"""What pages read of the daemon."""

from dataclasses import dataclass
from typing import Protocol

from exporter.alerting.manager import AlertManager
from exporter.clock import Clock
from exporter.events import EventLog
from exporter.peers.peers import Peers
from exporter.store import Store
from exporter.web.alert_rows import AlertRows
from exporter.web.directory import CurrentConfig, ReloadState, RuleGroups, Targets
from exporter.web.lifecycle import Reloads
from exporter.web.pages.page_queries import PageQueries
from exporter.web.pages.rendering import Renderer


class HasUrl(Protocol):
    """Knows the URL under which people reach the daemon."""

    @property
    def external_url(self) -> str:
        """`web.external_url`, or what the daemon takes itself to be reached by."""
        ...


class Reloading(Reloads, ReloadState, Protocol):
    """The reloader of the configuration."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """Everything a page may ask; what of it changes at a reload answers with what is in force."""

    store: Store
    targets: Targets
    rules: RuleGroups
    alerting: AlertManager
    alerts: AlertRows
    events: EventLog
    queries: PageQueries
    in_force: CurrentConfig
    settings: HasUrl
    clock: Clock
    renderer: Renderer
    reloads: Reloading
    peers: Peers
