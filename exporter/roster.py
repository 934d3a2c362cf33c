"""The roster lists the monitored servers: those of the configuration and those found, each once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from exporter.discovery.base import Found
from exporter.discovery.identity import Identities, place_of
from exporter.discovery.merging import merge, name_apart
from exporter.model.target import Target
from exporter.reload import Plan, plan_found
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.samplers.target_manager import TargetManager
from exporter.time_slice import TimeSlice


class Roster:
    """Tells servers from each other by their run ids.

    Watched servers report it with every INFO, others are asked.

    A server that is both configured and found is watched as configured. `on_change` is called when another
    server than before may answer somewhere; `on_promotion` when a server has got another role.
    """

    def __init__(
        self, target_manager: TargetManager, on_change: Callable[[], None], on_promotion: Callable[[], None]
    ) -> None:
        self._target_manager = target_manager
        self._on_change = on_change
        self._on_promotion = on_promotion
        self._identities = Identities()
        self._roles: dict[Target, str] = {}
        self._has_found = False

    def note(self, runner: TargetRunner) -> None:
        """A target has been sampled."""
        if not runner.status.up:
            return
        target, facts = runner.target, runner.facts
        if self._identities.note(target, facts.server.run_id) and self._has_found:
            self._on_change()
        before = self._roles.get(target, facts.server.role)
        self._roles[target] = facts.server.role
        if before != facts.server.role:
            self._on_promotion()

    async def watch(self, plan: Plan, found: Sequence[Found]) -> bool:
        """Watch the targets of a plan and those that were found.

        Returns whether history of servers has got other names, or was dropped since these stand for others.
        """
        config = plan.config
        configured = await self._as_watched(plan.targets)
        kept = await self._merge(configured, found)
        wanted = {**configured, **plan_found(config, kept, plan.names)}
        timeout_seconds = config.global_.sample_timeout.seconds
        return await self._target_manager.sync(
            wanted, timeout_seconds=timeout_seconds, replaced=self._replaced(wanted)
        )

    async def _as_watched(
        self, targets: Mapping[Target, Sequence[SamplerPlan]]
    ) -> dict[Target, Sequence[SamplerPlan]]:
        """The same, with the very objects that are watched already: to compare others takes long."""
        watched = {runner.target: runner.target for runner in self._target_manager.runners}
        pairs = TimeSlice().each(targets.items())
        return {watched.get(target, target): plans async for target, plans in pairs}

    async def _merge(self, configured: Iterable[Target], found: Sequence[Found]) -> Sequence[Found]:
        """Return the servers found that are to be watched besides the configured ones, by unique names."""
        self._has_found = bool(found)
        here = list(configured)
        everybody = [*here, *(one.target for one in found)]
        watched = {runner.target for runner in self._target_manager.runners}
        self._roles = {target: role for target, role in self._roles.items() if target in watched}
        self._identities.keep_only([*everybody, *watched])
        if found:
            self._identities.forget(self._doubtful(everybody))
            await self._identities.ask(list(self._unknown(everybody)))
        names = {target.instance: target for target in here}
        kept = [
            one
            for one in merge(here, found, self._identities.of)
            if (namesake := names.get(one.target.instance)) is None or self._differ(namesake, one.target)
        ]
        before = {place_of(target.address): target.instance for target in watched}
        return name_apart(kept, names, before)

    def _replaced(self, wanted: Iterable[Target]) -> set[str]:
        """Of these the names under which another server has been watched so far."""
        watched = {runner.target.instance: runner.target for runner in self._target_manager.runners}
        pairs = [(watched.get(target.instance), target) for target in wanted]
        return {new.instance for old, new in pairs if old is not None and self._differ(old, new)}

    def _differ(self, old: Target, new: Target) -> bool:
        before, after = self._identities.of(old), self._identities.of(new)
        is_known = "" not in (before, after)
        return is_known and before != after and place_of(old.address) != place_of(new.address)

    def _doubtful(self, everybody: Iterable[Target]) -> Sequence[Target]:
        """Return the unwatched doubles of targets that have got a new run id.

        Such a target was restarted, or its name leads to another server by now.
        """
        watched = {place_of(runner.target.address) for runner in self._target_manager.runners}
        known = {self._identities.of(runner.target) for runner in self._target_manager.runners}
        return [
            target
            for target in everybody
            if place_of(target.address) not in watched and self._identities.of(target) not in known
        ]

    def _unknown(self, everybody: Iterable[Target]) -> Iterator[Target]:
        """Those to be asked; who is watched and has been sampled, or is down, says it with its next INFO."""
        runners = [runner for runner in self._target_manager.runners if runner.status.up is not None]
        seen = {place_of(runner.target.address) for runner in runners}
        for target in everybody:
            place = place_of(target.address)
            if place not in seen and not self._identities.of(target):
                seen.add(place)
                yield target
