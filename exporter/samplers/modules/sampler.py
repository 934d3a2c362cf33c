"""The modules sampler: INFO modules, and FT.INFO of the search indexes that are asked for."""

from collections.abc import Sequence
from typing import Final

import re2

from exporter.config.samplers.modules import ModulesSection
from exporter.connection import Client
from exporter.errors import ReplyError
from exporter.samplers.info.fields.catalogue import MODULE_FAMILIES, MODULE_FIELDS
from exporter.samplers.modules import indexes
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.info_text import parse_amount, split_lines
from exporter.sampling.replies import label_text
from exporter.sampling.server_info import ServerInfo

# Valkey's own engine for scripts, which has nothing to tell.
_BUILT_IN: Final = frozenset({"lua"})
_INFO, _LIST = "INFO modules", "FT._LIST"


class ModulesSampler:
    """Asks the modules of one server."""

    def __init__(self, context: SamplerContext[ModulesSection]) -> None:
        settings = context.settings
        self._context = context
        self._table = context.table
        self._wanted = re2.compile(settings.search_indexes) if settings.search_indexes else None
        self._cap = context.new_cap("index_name", settings.max_search_indexes)
        self._limit = settings.max_search_indexes

    async def sample(self, connection: Client, at: float) -> None:
        """One pass (see `Sampler`)."""
        answers = await self._context.support.ask(connection, {_INFO: ("INFO", "MODULES")})
        reply = answers.get(_INFO)
        for line in split_lines(reply) if isinstance(reply, bytes) else ():
            field, _, value_text = line.partition(":")
            value = parse_amount(value_text)
            for declared in MODULE_FIELDS.get(field, ()):
                if value is not None:
                    self._table.set(declared.family, value * declared.scale)
        if self._wanted is not None:
            await self._sample_indexes(connection)

    async def _sample_indexes(self, connection: Client) -> None:
        names = await self._find_indexes(connection)
        self._cap.leave_out(len(names) - self._limit)
        names = names[: self._limit]
        replies = await connection.pipeline([("FT.INFO", name) for name in names]) if names else []
        for name, reply in zip(names, replies, strict=True):
            # An index may have been dropped meanwhile.
            if not isinstance(reply, ReplyError):
                indexes.write_index(name, reply, self._table)

    async def _find_indexes(self, connection: Client) -> Sequence[str]:
        answers = await self._context.support.ask(connection, {_LIST: ("FT._LIST",)}, required=False)
        reply = answers.get(_LIST)
        names = [label_text(name) for name in reply] if isinstance(reply, list) else []
        return sorted(name for name in names if self._wanted and self._wanted.search(name))

    async def close(self) -> None:
        """Nothing to let go of."""


def _has_modules(server: ServerInfo) -> bool:
    return bool(server.modules - _BUILT_IN)


SPEC: Final = SamplerSpec(
    "modules", ModulesSection, (*MODULE_FAMILIES, *indexes.FAMILIES), ModulesSampler, applies=_has_modules
)
