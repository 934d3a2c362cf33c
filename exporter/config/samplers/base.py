"""Base sections hold the settings that all samplers have in common."""

from exporter.config.fields import PositiveDuration, Section


class SamplerSection(Section):
    """The settings that every sampler has."""

    enabled: bool = True
    """Whether this sampler runs."""
    interval: PositiveDuration | None = None
    """Time between two passes; without it that of `global.sample_interval`."""

    @property
    def is_wanted(self) -> bool:
        """Whether this sampler is enabled and has something to do."""
        return self.enabled
