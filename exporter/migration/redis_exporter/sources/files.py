"""Reads a file that starts redis_exporter, whatever it is of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.errors import UsageError
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.sources.command_line import read_words
from exporter.migration.redis_exporter.sources.compose import read_compose
from exporter.migration.redis_exporter.sources.environment_file import (
    is_environment,
    read_environment_file,
    read_text,
)
from exporter.migration.redis_exporter.sources.kubernetes import read_manifests
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.systemd import is_unit, read_unit
from exporter.migration.redis_exporter.sources.words import split

_KINDS: Final = "a systemd unit, a file of variables, a compose file, Kubernetes manifests or a command line"


# Keys by which files of others are known.
_OTHER_COMMANDS: Final = {
    "prometheus": frozenset({"scrape_configs", "scrape_config_files"}),
    "datadog": frozenset({"init_config", "instances"}),
    "netdata": frozenset({"jobs"}),
}
_OF_VALUES: Final = frozenset({"image", "metrics", "redisAddress", "serviceMonitor"})
_HELM: Final = (
    ": of values for a Helm chart give what the chart makes of them: helm get manifest RELEASE > FILE.yaml "
    "(or helm template), and --from FILE.yaml"
)
_ANNOTATIONS: Final = (
    "; pods with prometheus.io annotations are found by a Prometheus: `redis-vigil migrate prometheus` takes "
    "its prometheus.yml, and discovery.kubernetes of redis-vigil finds the pods themselves"
)


def read_source(path: Path, more: Mapping[str, str], shell: Mapping[str, str]) -> Sequence[Invocation]:
    """All redis_exporters that a file starts, at least one.

    `more` is added to their environments; `shell` is that of whoever starts compose or a command line. Raises
    `UsageError`.
    """
    text = read_text(path)
    if is_unit(text):
        return [read_unit(text, path, more)]
    if path.suffix in (".yml", ".yaml", ".json"):
        found = _of_yaml(text, path, more, shell)
    elif is_environment(text):
        found = [_of_variables(path, more)]
    else:
        found = [_of_script(text, path, {**shell, **more})]
    if not found:
        hint = _ANNOTATIONS if "prometheus.io/" in text else ""
        raise UsageError(f"{path}: starts no redis_exporter, by the names of programs and images{hint}")
    return found


def _of_variables(path: Path, more: Mapping[str, str]) -> Invocation:
    """Variables, and the flags that one of them may hold, as ARGS of Debian's /etc/default does."""
    variables = {**read_environment_file(path), **more}
    flags = [value for name, value in variables.items() if value.startswith("-")]
    words = [word for value in flags for word in split(value, str(path))]
    return Invocation(words, variables, str(path), Path("/"))


def _of_script(text: str, path: Path, environment: Mapping[str, str]) -> Invocation:
    lines = text.replace("\\\n", " ").splitlines()
    for line in lines:
        words = line.split()
        if not line.lstrip().startswith("#") and any(is_exporter(word) for word in words):
            return read_words(split(line, str(path)), environment, path.parent, str(path))
    raise UsageError(f"{path}: starts no redis_exporter; it may be {_KINDS}")


def _of_yaml(
    text: str, path: Path, more: Mapping[str, str], shell: Mapping[str, str]
) -> Sequence[Invocation]:
    try:
        documents: list[Any] = [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{path}{place}: is no YAML: {getattr(error, 'problem', None) or error}") from None
    if any("kind" in document for document in documents):
        return read_manifests(documents, path, more)
    if documents and isinstance(documents[0].get("services"), dict):
        return read_compose(documents[0], path, more, shell)
    hint = _instead(documents, path)
    raise UsageError(f"{path}: is neither a compose file (services) nor Kubernetes manifests (kind){hint}")


def _instead(documents: Sequence[Mapping[str, Any]], path: Path) -> str:
    """What to give in the place of a file that is of something else; empty where that is not known."""
    keys = {key for document in documents for key in document}
    for command, marks in _OTHER_COMMANDS.items():
        if keys & marks:
            return f": is it for `redis-vigil migrate {command}`?"
    if path.name.startswith("values") or keys & _OF_VALUES:
        return _HELM
    return ""
