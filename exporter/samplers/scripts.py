"""Lua scripts of the user's own, whose results become metrics."""

from pathlib import Path
from typing import Final

from exporter.config.samplers.keys import ScriptsSection
from exporter.connection import Client, Reply
from exporter.errors import ReplyError
from exporter.log import get_logger
from exporter.model.sample import Family, Kind
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import field_map, parse_value

log = get_logger(__name__)

VALUES: Final = Family(
    "redis_script_values", Kind.GAUGE, "Values that a script has returned.", ("key", "filename")
)
RESULT: Final = Family(
    "redis_script_result", Kind.GAUGE, "Whether a script ran and returned names and numbers.", ("filename",)
)


class ScriptsSampler:
    """Runs the scripts on one server. They were read when the configuration was."""

    def __init__(self, context: SamplerContext[ScriptsSection]) -> None:
        settings = context.settings
        self._context = context
        self._table = context.table
        self._command = "EVAL_RO" if settings.read_only else "EVAL"
        self._limit = settings.max_values
        self._cap = context.new_cap("key", settings.max_values)
        self._scripts = [(path.name, _read(path)) for path in settings.files]
        self._failed: set[str] = set()

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        if not self._scripts:
            return
        replies = await connection.pipeline([(self._command, text, 0) for _, text in self._scripts])
        for (name, _), reply in zip(self._scripts, replies, strict=True):
            works = not isinstance(reply, ReplyError) and self._write(name, reply)
            self._table.set(RESULT, float(works), name)
            self._tell(name, works, reply)

    def _write(self, name: str, reply: Reply) -> bool:
        """Write the numbers; whether all were some."""
        values = {key: parse_value(value) for key, value in field_map(reply).items()}
        self._cap.leave_out(len(values) - self._limit)
        for key, value in list(values.items())[: self._limit]:
            if value is not None:
                self._table.set(VALUES, value, key, name)
        return isinstance(reply, list) and None not in values.values()

    def _tell(self, name: str, works: bool, reply: Reply) -> None:
        """Log a script that begins to fail, once."""
        if works:
            self._failed.discard(name)
        elif name not in self._failed:
            self._failed.add(name)
            error = (
                str(reply) if isinstance(reply, ReplyError) else "did not return names and numbers in turn"
            )
            log.warning("script failed", instance=self._context.target.instance, script=name, error=error)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        # It could be read when the configuration was checked.
        log.warning("script cannot be read", script=path.name, error=error.strerror or str(error))
        return b'return redis.error_reply("the script cannot be read")'


SPEC: Final = SamplerSpec("scripts", ScriptsSection, (VALUES, RESULT), ScriptsSampler)
