"""`TargetEvents`: passes on what happens to targets to parts that are built after the target manager."""

from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.targets import Targets
from exporter.web.metrics import MetricsEndpoint, groups_of


class TargetEvents:
    """Callbacks of a `TargetManager`; `connect` it before it watches anything."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._targets: Targets | None = None
        self._page: MetricsEndpoint | None = None

    def connect(self, targets: Targets, page: MetricsEndpoint) -> None:
        """Pass events on to these."""
        self._targets, self._page = targets, page

    def sampled(self, runner: TargetRunner) -> None:
        """Passes of a target have ended."""
        if self._page is not None and self._targets is not None:
            self._page.refresh(groups_of(self._store, [runner]))
            self._targets.note(runner)

    def all_reported(self) -> None:
        """Every target has been sampled once, or has failed."""
        if self._targets is not None:
            self._targets.open_gate()

    async def before_change(self) -> None:
        """Targets are about to come or go."""
        if self._targets is not None:
            await self._targets.hold_rules()
