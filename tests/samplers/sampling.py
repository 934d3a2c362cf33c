"""Samplers run on real servers, and what they wrote read back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from exporter.config.samplers import SamplersSection
from exporter.metrics import Exposition, Format
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, Target
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.sampling.neighbours import Neighbours
from exporter.store import Store
from tests.clocks import ShiftedClock
from tests.fake_server import AnyServer


class Sampling:
    """The samplers of one server, run by hand."""

    def __init__(
        self,
        port: int,
        names: Sequence[str],
        settings: dict[str, Any],
        *,
        credentials: Credentials,
        timeout_seconds: float,
        records: Mapping[str, Any] | None = None,
        neighbours: Neighbours | None = None,
    ) -> None:
        section = SamplersSection.model_validate(settings)
        self.clock = ShiftedClock()
        self.store = Store()
        self.target = Target("test", Address("127.0.0.1", port), credentials)
        plans = [
            SamplerPlan(spec, section.section(spec.section), 15.0, timeout_seconds)
            for spec in SAMPLERS
            if spec.name in names
        ]
        self.runner = TargetRunner(
            self.target,
            plans,
            store=self.store,
            clock=self.clock,
            timeout_seconds=timeout_seconds,
            records=records,
            neighbours=neighbours,
        )
        self._pages = {form: Exposition(self._groups, form, hidden=("instance",)) for form in Format}

    def _groups(self) -> Any:
        return [group for source in self.runner.sources if (group := self.store.group(source)) is not None]

    async def run(self, *names: str) -> None:
        """One pass of each sampler named; of all of them if none is."""
        await self._move_on()
        for name in names or [plan.spec.name for plan in self.runner.plans]:
            await self.runner.run(name)

    async def run_together(self, *names: str) -> None:
        """One pass of these samplers, in lock-step."""
        await self._move_on()
        await self.runner.run(*names)

    async def _move_on(self) -> None:
        # Two passes within a millisecond would be one too many for the store.
        self.clock.ahead += 0.01
        # Tests block the loop: let it notice what happened to connections meanwhile.
        await asyncio.sleep(0.001)

    def page(self, form: Format = Format.TEXT) -> str:
        """What the exposition says."""
        return b"".join(self._pages[form].render()).decode()

    def value(self, name: str, /, **labels: str) -> float | None:
        """The one value of a series; None where there is none."""
        found = [value for series, value in self.values(name).items() if dict(series) == labels]
        return found[0] if found else None

    def values(self, name: str) -> dict[tuple[tuple[str, str], ...], float]:
        """All values of a metric (a suffix included) by labels, without `instance`."""
        found = {}
        for group in self._groups():
            for point, value in zip(group.layout.points, group.values, strict=True):
                if point.family.name + point.suffix == name and value is not None:
                    found[point.labels.without("instance").pairs] = value
        return found

    def total(self, name: str) -> float:
        """The sum over all series of a metric."""
        return sum(self.values(name).values())


@asynccontextmanager
async def sampling(
    server: AnyServer | int,
    *names: str,
    settings: dict[str, Any] | None = None,
    username: str = "",
    password: str = "",
    timeout_seconds: float = 5.0,
    records: Mapping[str, Any] | None = None,
    neighbours: Neighbours | None = None,
) -> AsyncIterator[Sampling]:
    """The named samplers on a server (or port), closed at the end."""
    port = server if isinstance(server, int) else server.port
    credentials = Credentials(username, Secret(password))
    found = Sampling(
        port,
        names,
        settings or {},
        credentials=credentials,
        timeout_seconds=timeout_seconds,
        records=records,
        neighbours=neighbours,
    )
    try:
        yield found
    finally:
        await found.runner.close()


def run_async(test: Callable[[], Any]) -> Any:
    """Run a coroutine function to its end."""
    return asyncio.run(test())
