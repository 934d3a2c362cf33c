"""`Settings`: hands the single values of a configuration to the parts that run by them."""

import socket
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.config.web_config import WebConfig
from exporter.discovery.relabeling import Relabeling
from exporter.events import EventLog
from exporter.history.history import History
from exporter.model.labels import Labels
from exporter.promql import Engine, MemoryBudget
from exporter.reload import Plan
from exporter.rules.environment import Environment, EverythingSampled
from exporter.samplers.availability import SampledTargets
from exporter.samplers.target_manager import TargetManager
from exporter.store import MemoryLimiter, Store
from exporter.time_slice import TimeSlice
from exporter.web.access import CurrentAccess
from exporter.web.server import default_url


@dataclass(slots=True)
class Settings:
    """The parts, and the external URL in force."""

    store: Store
    limiter: MemoryLimiter
    events: EventLog
    history: History | None
    query_budget: MemoryBudget
    engines: tuple[Engine, ...]
    environment: Environment
    target_manager: TargetManager
    access: CurrentAccess
    clock: Clock
    listener: socket.socket
    external_url: str = ""

    def external_url_of(self, plan: Plan) -> str:
        """Under which URL people reach the daemon with this plan."""
        return external_url_of(plan, self.listener, self.access.now.config)

    async def apply(self, plan: Plan) -> None:
        """Have all parts run by a plan. Gives way to others; called a second time it changes nothing."""
        self.apply_values(plan)
        await self._keep_what_rules_need(plan)

    def apply_values(self, plan: Plan) -> None:
        """Set the values that need no waiting, as at the start."""
        config, settings = plan.config, plan.config.global_
        self.access.apply(plan.access)
        self.external_url = self.external_url_of(plan)
        self.limiter.change(config.storage.memory_limit, config.storage.retention.milliseconds)
        self.events.max_bytes = config.storage.events_size
        if self.history is not None:
            self.history.configure(
                retention_ms=config.storage.history.milliseconds,
                max_bytes=config.storage.history_size,
                downsample_after_ms=config.storage.downsample_after.milliseconds,
            )
        self.query_budget.limit_bytes = config.query.memory_limit
        self.query_budget.timeout_seconds = config.query.timeout.seconds
        for engine in self.engines:
            engine.default_step_ms = settings.evaluation_interval.milliseconds
            engine.delay_name_removal(settings.delayed_name_removal)
        environment = self.environment
        environment.external_url = self.external_url
        environment.external_labels = Labels(settings.external_labels)
        environment.alert_relabeling = Relabeling(config.alerting.alert_relabel_configs)
        environment.evaluation_interval_ms = settings.evaluation_interval.milliseconds
        environment.availability = (
            SampledTargets(self.target_manager, self.store, self.clock)
            if config.alerting.hold_missing
            else EverythingSampled()
        )

    async def _keep_what_rules_need(self, plan: Plan) -> None:
        """History that rules read goes last when memory is short."""
        await TimeSlice().through(self.store.update_required(plan.needs))


def external_url_of(plan: Plan, listener: socket.socket, config: WebConfig) -> str:
    """Under which URL people reach the daemon that listens there, and speaks TLS or not."""
    return plan.config.web.external_url or default_url(listener, config)
