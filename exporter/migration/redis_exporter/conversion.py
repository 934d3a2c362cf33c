"""From an invocation of redis_exporter to a draft."""

from collections.abc import Iterator

from exporter.drafts import Draft
from exporter.migration.piece import Piece, to_draft
from exporter.migration.redis_exporter.flags import FLAGS, Fate
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.samplers import convert_samplers
from exporter.migration.redis_exporter.servers import convert_servers
from exporter.migration.redis_exporter.settings import Settings
from exporter.migration.redis_exporter.web import convert_web


def convert(invocation: Invocation) -> Draft:
    """The configuration that does the same; raises `UsageError` for what redis_exporter would refuse."""
    settings = Settings.read(invocation.arguments, invocation.environment)
    pieces = [
        Piece(differs=(*invocation.remarks, *settings.remarks)),
        *convert_servers(settings, invocation),
        convert_samplers(settings, invocation),
        *convert_web(settings, invocation),
        Piece(differs=tuple(_without_place(settings))),
    ]
    return to_draft(pieces, _heading(settings, invocation))


def _without_place(settings: Settings) -> Iterator[str]:
    """What is to be told of flags that have no place in the configuration."""
    for flag in FLAGS:
        if flag.fate is not Fate.TAKEN and settings.differs(flag.name):
            yield flag.sentence


def _heading(settings: Settings, invocation: Invocation) -> str:
    flags = ", ".join(sorted(setting.origin for setting in settings.given.values()))
    return (
        f"What redis_exporter did, from {invocation.origin}"
        + (f": {flags}." if flags else ", without any flag.")
        + " Every key is described in docs/configuration.md."
    )
