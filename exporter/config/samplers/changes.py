"""`samplers.changes`."""

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection


class ChangesSection(SamplerSection):
    """Changes that people make: values of CONFIG, without secrets, and rules of ACL users; kept as events."""

    interval: PositiveDuration | None = Duration(60_000)
    """Time between two passes."""
