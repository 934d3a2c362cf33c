"""`Exporter`: what one redis_exporter does, in our terms; it is not yet written down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from exporter.migration.redis_exporter.flags import FLAGS, Fate
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.samplers import Sections, read_samplers, read_timeout
from exporter.migration.redis_exporter.servers import Server, read_servers
from exporter.migration.redis_exporter.settings import Settings
from exporter.migration.redis_exporter.web import Web, read_web

_FILES: Final = (
    "redis.password-file",
    "script",
    "tls-ca-cert-file",
    "tls-client-cert-file",
    "tls-client-key-file",
    "tls-server-cert-file",
    "tls-server-key-file",
    "tls-server-ca-cert-file",
)
_LEVELS: Final = {"DEBUG": "debug", "WARN": "warning", "WARNING": "warning", "ERROR": "error"}
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Exporter:
    """Servers, samplers and the web server of one redis_exporter, and what there is to say about it."""

    origin: str
    given: Sequence[str]
    servers: Sequence[Server]
    samplers: Sections
    timeout: str
    web: Web
    log_options: Sequence[str]
    remarks: Sequence[str]

    @classmethod
    def read(cls, invocation: Invocation) -> Self:
        """Raises `UsageError` for what redis_exporter would refuse."""
        settings = Settings.read(invocation.arguments, invocation.environment)
        remarks = [*invocation.remarks, *settings.remarks]
        servers = read_servers(settings, invocation, remarks)
        samplers = read_samplers(settings, invocation, remarks)
        timeout = read_timeout(settings, remarks)
        web = read_web(settings, invocation, remarks)
        remarks += [*_of_flags(settings), *_of_place(settings, invocation, servers)]
        given = sorted(setting.origin for setting in settings.given.values())
        options = _log_options(settings)
        return cls(invocation.origin, given, servers, samplers, timeout, web, options, remarks)


def _of_flags(settings: Settings) -> Iterator[str]:
    """What is to be told of flags that have no place in the configuration."""
    for flag in FLAGS:
        if flag.fate is not Fate.TAKEN and settings.differs(flag.name):
            yield flag.sentence
    if settings.is_on("is-cluster"):
        yield (
            "--is-cluster: every node of the cluster is watched, with the labels instance and cluster; keys "
            "are asked for on each of them"
        )


def _of_place(settings: Settings, invocation: Invocation, servers: Sequence[Server]) -> Iterator[str]:
    """What is otherwise outside of the container."""
    if not invocation.in_container:
        return
    if names := [settings.origin(name) for name in _FILES if settings.text(name)]:
        yield f"{', '.join(names)}: paths within the container; mount the files there, or change the paths"
    for server in servers:
        host = server.url.address.host
        if server.url.address.path or host in _LOCAL:
            yield (
                f"{server.url} is the address within the pod or the container's network: run redis-vigil "
                "there too, or write the address by which the server is reached"
            )
        elif "." not in host and ":" not in host:
            yield (
                f"{host} is a name of the container's network or namespace: run redis-vigil in it too, or "
                "write the name by which the server is reached"
            )


def _log_options(settings: Settings) -> Sequence[str]:
    """Options of redis-vigil itself, which are no matter of the configuration."""
    options = []
    level = "DEBUG" if settings.is_on("debug") else settings.text("log-level").upper()
    if level in _LEVELS:
        options.append(f"--log.level {_LEVELS[level]}")
    if settings.text("log-format") == "json":
        options.append("--log.json")
    return options
