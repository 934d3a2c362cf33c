"""`samplers.config`, `samplers.memory`, `samplers.acl` and `samplers.sentinel`."""

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection


class ServerConfigSection(SamplerSection):
    """CONFIG GET: the limits that the server is configured with."""

    interval: PositiveDuration | None = Duration(300_000)
    """Time between two passes."""
    config_command: str = "CONFIG"
    """The name of CONFIG, where the server has renamed it."""
    all: bool = False
    """Whether all parameters are shown, as `redis_config_key_value` and `redis_config_value`; values that may
    be secret are left out."""
    rdb_file: bool = False
    """Whether the size of the RDB file is shown; only for a server whose files this daemon can read."""


class MemorySection(SamplerSection):
    """MEMORY STATS: where the server's memory goes."""

    interval: PositiveDuration | None = Duration(60_000)
    """Time between two passes."""


class AclSection(SamplerSection):
    """ACL LOG: what was denied, counted by reason."""

    interval: PositiveDuration | None = Duration(60_000)
    """Time between two passes."""


class SentinelSection(SamplerSection):
    """What a sentinel knows of the primaries that it watches; only where the target is a sentinel."""

    interval: PositiveDuration | None = Duration(30_000)
    """Time between two passes."""
    peers: bool = False
    """Whether each other sentinel gets a series of its own."""
    all: bool = False
    """Whether all of the sentinel's parameters are shown; values that may be secret are left out."""
