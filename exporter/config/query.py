"""`query`: what queries by HTTP may cost."""

from typing import Annotated

from pydantic import Field, WrapValidator

from exporter.config.fields import ByteSize, Duration, PositiveDuration, Section, at_least


class QuerySection(Section):
    """What queries of people and dashboards may cost, those of rules apart."""

    memory_limit: Annotated[ByteSize, WrapValidator(at_least(1 << 20))] = 256 << 20
    """How much memory all queries that run at a time may take together, with their answers. One that would
    take more is refused."""
    timeout: PositiveDuration = Duration(120_000)
    """How long a query may take, the time included in which it waits for others to end."""
    max_concurrency: Annotated[int, Field(ge=1, le=1000)] = 20
    """How many queries run at a time; others wait."""
