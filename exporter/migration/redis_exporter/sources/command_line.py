"""Command lines as people paste them: flags alone, with the program before them, or a whole `docker run`."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from exporter.errors import UsageError
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.sources.docker_run import RUNTIMES, read_docker_run
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.shell import without_shell
from exporter.migration.redis_exporter.sources.words import split

_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)


def read_words(words: Sequence[str], environment: Mapping[str, str], base: Path, origin: str) -> Invocation:
    """The invocation of a command line, in an environment that the words before the program may change.

    A single word with spaces is a line in quotes. Raises `UsageError` where no redis_exporter is started.
    """
    if len(words) == 1 and " " in words[0] and not words[0].startswith("-"):
        words = split(words[0], origin)
    remarks: list[str] = []
    words, read = without_shell(words, environment, origin, remarks)
    environment = {**environment, **read}
    if not words or words[0].startswith("-"):
        return Invocation(words, environment, origin, base, remarks=remarks)
    runtime = next((at for at, word in enumerate(words) if _is_runtime(word)), None)
    if runtime is not None:
        return read_docker_run(words[runtime + 1 :], environment, base, origin)
    program = next((at for at, word in enumerate(words) if is_exporter(word) and "=" not in word), None)
    if program is None:
        raise UsageError(f"{origin}: {words[0]} is no redis_exporter, and no flag of one: flags begin with -")
    own = {match[1]: match[2] for word in words[:program] if (match := _ASSIGNMENT.fullmatch(word))}
    return Invocation(words[program + 1 :], {**environment, **own}, origin, base, remarks=remarks)


def _is_runtime(word: str) -> bool:
    return os.path.basename(word) in RUNTIMES
