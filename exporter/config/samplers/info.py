"""`samplers.info`."""

from typing import Annotated

from pydantic import AfterValidator, Field

from exporter.config.samplers.base import SamplerSection


def _check_enabled(enabled: bool) -> bool:
    if not enabled:
        raise ValueError(
            "must be true: without INFO nothing is known of a server, not even whether it is up; set "
            "interval to ask more rarely, or take the server out of targets"
        )
    return enabled


class InfoSection(SamplerSection):
    """INFO: what the server says of itself. It also tells whether the server is up."""

    enabled: Annotated[bool, AfterValidator(_check_enabled)] = True
    """Always `true`: without INFO nothing is known of a server, not even whether it is up."""
    empty_databases: bool = True
    """Whether databases without keys are shown, with 0 keys: those below the highest that has held some."""
    max_commands: Annotated[int, Field(ge=1, le=10_000)] = 500
    """At most this many commands become values of the label `cmd`; the rest is summed up as `other`."""
    max_errors: Annotated[int, Field(ge=1, le=10_000)] = 100
    """At most this many error codes become values of the label `err`; the rest is summed up as `other`."""
