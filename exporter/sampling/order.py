"""The order of a target's samplers, by what they need from each other."""

from collections.abc import Sequence
from typing import Any

from exporter.sampling.base import SamplerSpec

Spec = SamplerSpec[Any]


class DependencyError(Exception):
    """Samplers that cannot run in any order: a programming error, found when they are registered."""


def in_order(specs: Sequence[Spec]) -> tuple[Spec, ...]:
    """Return the samplers so that each follows those that provide what it needs, else as they come.

    Raises `DependencyError` for what nobody or more than one provides, for samplers that need each other, and
    for what would come too late, since samplers with a connection of their own run after all others.
    """
    providers = _providers(specs)
    for spec in specs:
        for kind in (*spec.needs, *spec.uses_previous):
            if kind not in providers:
                raise DependencyError(f"{spec.name} needs {kind.__name__}, which no sampler provides")
        for kind in spec.needs:
            if providers[kind].own_connection and not spec.own_connection:
                late = providers[kind].name
                raise DependencyError(f"{spec.name} needs {kind.__name__}, but {late} runs after it")
    ordered: list[Spec] = []
    waiting = list(specs)
    while waiting:
        ready = next((spec for spec in waiting if _is_ready(spec, providers, waiting)), None)
        if ready is None:
            names = ", ".join(spec.name for spec in waiting)
            raise DependencyError(f"these samplers need each other: {names}")
        waiting.remove(ready)
        ordered.append(ready)
    return tuple(ordered)


def _providers(specs: Sequence[Spec]) -> dict[type, Spec]:
    providers: dict[type, Spec] = {}
    for spec in specs:
        for kind in spec.provides:
            if kind in providers:
                both = f"{providers[kind].name} and {spec.name}"
                raise DependencyError(f"{both} both provide {kind.__name__}")
            providers[kind] = spec
    return providers


def _is_ready(spec: Spec, providers: dict[type, Spec], waiting: Sequence[Spec]) -> bool:
    return not any(providers[kind] in waiting for kind in spec.needs)
