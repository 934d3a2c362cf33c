"""`samplers`: one section per sampler, under the sampler's own name."""

from exporter.config.fields import Section
from exporter.config.samplers.info import InfoSection


class SamplersSection(Section):
    """Which questions are asked, how often, and how far they go."""

    info: InfoSection = InfoSection()
    """INFO."""
