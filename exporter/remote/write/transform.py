"""What becomes of the labels of a series before it is sent: external labels, then relabelling."""

from collections.abc import Callable, Mapping, Sequence

from exporter.config.relabeling import RelabelSection
from exporter.discovery.relabeling import Relabeling
from exporter.model.labels import Labels

Pairs = tuple[tuple[str, str], ...]

Transform = Callable[[Labels], Pairs | None]
"""Returns the sorted labels that a series is sent with; None: it is left out."""


def transform_by(external: Mapping[str, str], relabel_configs: Sequence[RelabelSection]) -> Transform:
    """Return what adds these labels to series that lack them, and then relabels.

    Source of the order: `StoreSeries` in storage/remote/queue_manager.go of github.com/prometheus/prometheus.
    """
    relabeling = Relabeling(relabel_configs) if relabel_configs else None

    def transform(labels: Labels) -> Pairs | None:
        if not external and relabeling is None:
            return labels.pairs
        changed: Mapping[str, str] | None = {**external, **dict(labels.pairs)}
        if relabeling is not None:
            changed = relabeling.apply(changed or {})
        return tuple(sorted((name, value) for name, value in changed.items() if value)) if changed else None

    return transform
