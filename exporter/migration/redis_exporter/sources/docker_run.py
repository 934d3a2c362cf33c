"""`docker run …`, of docker, podman or nerdctl: the environment, the image, and what stands after it.

Source: https://docs.docker.com/reference/cli/docker/container/run/.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from exporter.errors import UsageError
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.sources.environment_file import read_environment_file
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.shell import after_program, without_shell
from exporter.migration.redis_exporter.variables import unknown

RUNTIMES: Final = ("docker", "podman", "nerdctl")
# Options without a value; those that are not here take one.
_SWITCHES: Final = frozenset(
    {
        *("detach", "interactive", "tty", "publish-all", "rm", "init", "privileged", "read-only", "quiet"),
        *("no-healthcheck", "oom-kill-disable", "sig-proxy", "disable-content-trust", "replace", "rmi"),
        *("no-hosts", "env-host", "http-proxy", "tls-verify", "use-api-socket"),
    }
)
_SHORT_SWITCHES: Final = "ditPq"


def read_docker_run(
    words: Sequence[str], environment: Mapping[str, str], base: Path, origin: str
) -> Invocation:
    """The invocation within the container; `words` are those after the name of the runtime.

    Raises `UsageError` where no image is named, or a file of variables cannot be read.
    """
    rest = list(words)
    while rest and rest[0] in ("container", "run", "create"):
        rest.pop(0)
    variables: dict[str, str] = {}
    remarks: list[str] = []
    program: list[str] = []
    for name, value in _options(rest):
        if name in ("e", "env"):
            variables |= _variable(value, environment)
        elif name == "env-file":
            variables = {**read_environment_file(base / value), **variables}
        elif name in ("p", "publish"):
            remarks.append(f"-p {value}: publish the port of redis-vigil's container in the same way")
        elif name == "entrypoint":
            program = [value]
    if not rest:
        raise UsageError(f"{origin}: names no image")
    if not is_exporter(rest[0]):
        raise UsageError(
            f"{origin}: the image {rest[0]} is no redis_exporter, by its name: give what follows it after --"
        )
    arguments = rest[1:]
    if program:
        started, read = without_shell([*program, *arguments], variables, origin, remarks)
        variables |= read
        if started[:1] == program and not is_exporter(program[0]):
            remarks.append(f"--entrypoint {program[0]}: taken for redis_exporter")
        arguments = after_program(started)
    return Invocation(arguments, variables, origin, Path("/"), in_container=True, remarks=remarks)


def _variable(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """One of `-e`; without a value it is that of the shell, and a password stays there."""
    name, has_value, value = text.partition("=")
    if has_value:
        return {name: value}
    if name not in environment or "PASSWORD" in name:
        return {name: unknown(name)}
    return {name: environment[name]}


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Takes the options off the words, up to the image: names without dashes, and values."""
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            if has_value or name in _SWITCHES:
                yield name, value
            elif words:
                yield name, words.pop(0)
            continue
        letters = word[1:].lstrip(_SHORT_SWITCHES)
        if letters:
            value = letters[1:].removeprefix("=")
            yield letters[0], value or (words.pop(0) if words else "")
