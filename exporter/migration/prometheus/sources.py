"""Service discovery of a job as entries of `discovery`, with its relabelling carried along."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import quote, urlsplit

from pydantic import BaseModel

from exporter.config.discovery import ClusterSection, DiscoverySection
from exporter.config.document import Document
from exporter.errors import ConfigError
from exporter.migration.notes import Notes
from exporter.migration.prometheus.exporters import Exporters
from exporter.migration.prometheus.fitting import fit, with_full_paths
from exporter.migration.prometheus.reading import RawJob, mappings_of, texts_of
from exporter.migration.prometheus.recognition import (
    CLUSTER_NODES,
    KEY_PARAMETERS,
    TARGET_PARAMETER,
    asks_for_targets,
)

_SUFFIX: Final = "_sd_configs"
_ELSEWHERE: Final = (
    "is not taken: there are {} here; a program that knows the servers can write them to a file for "
    "discovery.file, or serve them to discovery.http"
)
_CONSUL: Final = "is not taken: Consul's DNS tells the same to discovery.dns (nameservers: [127.0.0.1:8600])"
_ESSENTIAL: Final = frozenset(
    {"files", "url", "names", "type", "port", "role", "namespaces", "selectors", "relabel_configs"}
)
_FROM_TARGET: Final = {
    "source_labels": [TARGET_PARAMETER],
    "regex": "(.+)",
    "target_label": "__address__",
}
# Prometheus keeps an address as it is written, the daemon takes its scheme apart.
_AS_URL: Final = {
    "source_labels": ["__scheme__", "__address__"],
    "separator": "://",
    "target_label": "__address__",
}
_KEEP_NAME: Final = {
    "source_labels": ["instance", "__address__"],
    "regex": ";(.+)",
    "target_label": "instance",
}
_BESIDE: Final = {
    "source_labels": ["__address__"],
    "regex": r"(.+):\d+",
    "target_label": "__address__",
    "replacement": "$1:6379",
}


@dataclass(frozen=True, slots=True)
class FoundSource:
    """An entry of `discovery`: under which key, what it holds, and of which job it is."""

    kind: str
    section: Mapping[str, Any]
    job: str
    holds_secrets: bool = False


def sources_of(job: RawJob, exporters: Exporters, notes: Notes) -> Iterator[FoundSource]:
    """The sources of a job; those that there are none of here are noted."""
    for key in job.data:
        if key.endswith(_SUFFIX):
            kind = key.removesuffix(_SUFFIX)
            for index, data in enumerate(mappings_of(job.data[key])):
                yield from _source(job, key, index, kind, data, exporters, notes)


def _source(
    job: RawJob,
    key: str,
    index: int,
    kind: str,
    data: Mapping[str, Any],
    exporters: Exporters,
    notes: Notes,
) -> Iterator[FoundSource]:
    where = job.where(key, index)
    if kind == "http" and str(data.get("url", "")).split("?")[0].endswith(CLUSTER_NODES):
        yield from _cluster(job, data, exporters, notes, where)
        return
    model = _model(kind)
    if model is None:
        known = ", ".join(
            name for name in DiscoverySection.model_fields if name not in ("cluster", "sentinel")
        )
        sentence = _CONSUL if kind == "consul" else _ELSEWHERE.format(known)
        notes.differ(f"job {job.name}: {key} {sentence}", where)
        return
    own = with_full_paths(data, job.document.base)
    holds_secrets = kind == "http" and _put_login_into_url(own)
    own["relabel_configs"] = _relabeling(job, kind, data)
    section = fit(model, own, job.document, (*job.place, key, index), notes, _ESSENTIAL)
    if section is not None:
        _tell_differences(job, notes, where)
        yield FoundSource(kind, section, job.name, holds_secrets)


def _model(kind: str) -> type[BaseModel] | None:
    """The section of sources of this kind; None where there are none."""
    field = DiscoverySection.model_fields.get(kind)
    arguments = get_args(field.annotation) if field else ()
    model = arguments[0] if arguments else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _cluster(
    job: RawJob, data: Mapping[str, Any], exporters: Exporters, notes: Notes, where: str
) -> Iterator[FoundSource]:
    """redis_exporter's list of the nodes of its cluster: the daemon asks the cluster itself."""
    exporter = urlsplit(str(data["url"])).netloc.rpartition("@")[2]
    url = exporters.find(exporter)
    if url is None:
        notes.differ(
            f"job {job.name}: redis_exporter at {exporter} lists the nodes of its cluster, and which that is "
            f"does not stand here: tell a node of it by --exporter {exporter}=redis://host:port",
            where,
        )
        return
    notes.differ(
        f"job {job.name}: the cluster is asked for its nodes itself (discovery.cluster); they have the label "
        "cluster besides",
        where,
    )
    own: dict[str, Any] = {"urls": [str(url)], "relabel_configs": _relabeling(job, "http", data)}
    section = fit(ClusterSection, own, job.document, job.place, notes)
    if section is not None:
        yield FoundSource("cluster", section, job.name)


def _relabeling(job: RawJob, kind: str, data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The steps of the job, and those that lead from the exporter to the server."""
    steps = list(mappings_of(job.data.get("relabel_configs")))
    if asks_for_targets(job):
        are_urls = _lists_urls(job.document, kind, data)
        return [*([_AS_URL] if are_urls else []), *steps, _FROM_TARGET]
    return [*steps, _KEEP_NAME, _BESIDE]


def _lists_urls(document: Document, kind: str, data: Mapping[str, Any]) -> bool:
    """Whether the servers are listed with their schemes, which then stand in `instance`."""
    if kind != "file":
        return str(data.get("url", "")).split("?")[0].endswith(CLUSTER_NODES)
    listed = [target for pattern in texts_of(data.get("files")) for target in _listed(document, pattern)]
    return bool(listed) and all("://" in target for target in listed)


def _listed(document: Document, pattern: str) -> Iterator[str]:
    for path in sorted(glob(str(document.base / pattern))):
        try:
            groups = Document.load(Path(path)).data
        except ConfigError:
            continue
        for group in mappings_of(groups):
            yield from texts_of(group.get("targets"))


def _put_login_into_url(section: dict[str, Any]) -> bool:
    """`basic_auth` with its password goes into the URL, where our section has it; whether it did."""
    login, url = section.get("basic_auth"), section.get("url")
    if not isinstance(login, dict) or not isinstance(url, str) or not login.get("password"):
        return False
    del section["basic_auth"]
    user, password = quote(str(login.get("username") or ""), safe=""), quote(str(login["password"]), safe="")
    section["url"] = url.replace("://", f"://{user}:{password}@", 1)
    return True


def _tell_differences(job: RawJob, notes: Notes, where: str) -> None:
    if not asks_for_targets(job):
        notes.differ(
            f"job {job.name}: exporters are found there, and not which servers they ask: those at port 6379 "
            "of their hosts are taken; where that is another, change the last step of relabel_configs",
            where,
        )
    parameters = job.data.get("params")
    if isinstance(parameters, dict) and (names := sorted(parameters.keys() & KEY_PARAMETERS.keys())):
        notes.differ(
            f"job {job.name}: {', '.join(names)} of its params are not taken for servers that are found: "
            "write them under samplers.keys and samplers.streams, for all servers",
            job.where("params"),
        )
