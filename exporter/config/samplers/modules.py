"""`samplers.modules`."""

from typing import Annotated

import re2
from pydantic import AfterValidator, Field

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection


def _check_expression(text: str) -> str:
    try:
        re2.compile(text)
    except re2.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return text


class ModulesSection(SamplerSection):
    """What loaded modules say of themselves (INFO modules); only where some are loaded."""

    interval: PositiveDuration | None = Duration(60_000)
    """Time between two passes."""
    search_indexes: Annotated[str, AfterValidator(_check_expression)] = ""
    """A regular expression; search indexes whose names it finds get series of their own."""
    max_search_indexes: Annotated[int, Field(ge=1, le=1_000)] = 50
    """At most this many of them."""
