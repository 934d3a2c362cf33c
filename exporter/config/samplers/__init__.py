"""`samplers`: one section per sampler, under the sampler's own name."""

from exporter.config.fields import Section
from exporter.config.samplers.info import InfoSection
from exporter.config.samplers.queues import QueuesSection
from exporter.config.samplers.slowlog import SlowlogSection


class SamplersSection(Section):
    """Which questions are asked, how often, and how far they go."""

    info: InfoSection = InfoSection()
    """INFO."""
    slowlog: SlowlogSection = SlowlogSection()
    """The slow log."""
    queues: QueuesSection = QueuesSection()
    """Queues of job frameworks, lists of your own, and streams with consumer groups."""
