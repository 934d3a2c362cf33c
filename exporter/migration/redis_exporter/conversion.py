"""From redis_exporters, one or several, to one draft: one daemon watches what all of them did."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.drafts import Draft, Suggestion, to_yaml
from exporter.migration.piece import Piece, to_draft
from exporter.migration.redis_exporter.exporter import Exporter
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.servers import Server
from exporter.migration.secret_files import secret_file

WEB_CONFIG: Final = "web-config.yml"
_WEB_HEADING: Final = "TLS and users of the daemon's own server, taken over from redis_exporter."


@dataclass(frozen=True, slots=True)
class Migration:
    """The draft, and the options of `redis-vigil` that go with it."""

    draft: Draft
    log_options: Sequence[str]


def convert(invocations: Sequence[Invocation]) -> Migration:
    """The configuration that does what they do; raises `UsageError` for what redis_exporter would refuse."""
    exporters = [Exporter.read(invocation) for invocation in invocations]
    pieces = [*_watched(exporters), *_common(exporters), *_web(exporters), _remarks(exporters)]
    return Migration(to_draft(pieces, _heading(exporters)), exporters[0].log_options)


def _watched(exporters: Sequence[Exporter]) -> Iterable[Piece]:
    """Targets and clusters, each once; with samplers of their own where exporters differ."""
    targets: list[Mapping[str, Any]] = []
    clusters: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    for exporter in exporters:
        for server in exporter.servers:
            instance = server.url.address.instance
            if instance in seen:
                yield Piece(differs=(f"{server.url} has several redis_exporters, and is watched once",))
                continue
            seen.add(instance)
            access, piece = _access(server)
            own = _own_settings(exporter, exporters, server)
            if server.is_cluster:
                clusters.append({"urls": [str(server.url)], **access, **own})
            else:
                targets.append({"url": str(server.url), **access, **own})
            yield Piece(files=piece.files, private=piece.private, found=(str(server),))
    if targets:
        yield Piece({"targets": targets})
    elif not clusters:
        example = [{"url": "redis://host:6379"}]
        yield Piece({"targets": Suggestion(example, "The servers that Prometheus asks /scrape for.")})
    if clusters:
        yield Piece({"discovery": {"cluster": clusters}})


def _access(server: Server) -> tuple[dict[str, Any], Piece]:
    """User, password and TLS as keys, and the file of the password."""
    keys: dict[str, Any] = {}
    piece = Piece()
    instance = server.url.address.instance
    # Without a password no AUTH is sent.
    if server.username and (server.password or server.variable):
        keys["username"] = server.username
    if server.variable:
        keys["password_env"] = server.variable
    elif server.password:
        keys["password_file"], piece = secret_file(f"redis-{instance}", server.password)
    if server.tls:
        keys["tls"] = dict(server.tls)
    return keys, piece


def _is_common(exporters: Sequence[Exporter]) -> bool:
    first = exporters[0]
    return all(one.samplers == first.samplers and one.timeout == first.timeout for one in exporters)


def _own_settings(exporter: Exporter, exporters: Sequence[Exporter], server: Server) -> dict[str, Any]:
    if _is_common(exporters):
        return {}
    samplers = {"samplers": exporter.samplers} if exporter.samplers else {}
    if server.is_cluster:
        return {"servers": samplers} if samplers else {}
    timeout = {"sample_timeout": exporter.timeout} if exporter.timeout else {}
    return {**timeout, **samplers}


def _common(exporters: Sequence[Exporter]) -> Iterable[Piece]:
    """What is the same for all of them."""
    if not _is_common(exporters):
        return
    if exporters[0].timeout:
        yield Piece({"global": {"sample_timeout": exporters[0].timeout}})
    if exporters[0].samplers:
        yield Piece({"samplers": exporters[0].samplers})


def _web(exporters: Sequence[Exporter]) -> Iterable[Piece]:
    """One daemon listens at one place: that of the first."""
    first, *others = exporters
    section = dict(first.web.section)
    if others:
        addresses = dict.fromkeys(str(one.web.section.get("listen_address", ":9121")) for one in exporters)
        where = f", at {next(iter(addresses))}" if len(addresses) > 1 else ""
        yield Piece(
            differs=(
                f"one daemon takes the place of {len(exporters)} redis_exporters: scrape its /metrics once"
                f"{where}, with honor_labels: true",
            )
        )
    if first.web.config:
        section["config_file"] = WEB_CONFIG
        text = to_yaml(first.web.config, _WEB_HEADING)
        yield Piece(files={WEB_CONFIG: text}, private=frozenset({WEB_CONFIG}))
    if section:
        yield Piece({"web": section})


def _remarks(exporters: Sequence[Exporter]) -> Piece:
    """Where there are several, each remark that not all share says whose it is."""
    told: list[str] = []
    for exporter in exporters:
        for remark in exporter.remarks:
            is_shared = all(remark in one.remarks for one in exporters)
            told.append(remark if is_shared else f"{exporter.origin}: {remark}")
    return Piece(differs=told)


def _heading(exporters: Sequence[Exporter]) -> str:
    taken = [f"{one.origin} ({', '.join(one.given)})" if one.given else one.origin for one in exporters]
    return (
        f"What redis_exporter did, by {'; '.join(taken)}.\n"
        "Every key is described in docs/configuration.md. The rules that come with redis-vigil run; to be "
        "told of alerts, name an alertmanager.yml as alerting.config_file."
    )
