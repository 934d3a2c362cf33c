"""`tls_warnings`: looks for certificates, keys and authorities that no connection can be made with.

Such a file may be filled later, so that the daemon starts with it; until then nothing gets through.
"""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from exporter.config.alertmanager.http import TlsConfig
from exporter.config.document import Document
from exporter.config.targets import TlsSection
from exporter.connection.stream import tls_context
from exporter.errors import Place, Problem, TargetError
from exporter.http_client.tls import make_context


def tls_warnings(document: Document, config: BaseModel) -> Iterator[Problem]:
    """Return the problems of the files that a configuration names for TLS, each use once."""
    seen: list[BaseModel] = []
    for place, section in _sections(config):
        if section in seen:
            continue
        seen.append(section)
        if fault := _fault(section):
            yield document.problem(place, fault)


def _fault(section: BaseModel) -> str:
    try:
        if isinstance(section, TlsSection) and (section.ca_file or section.cert_file):
            tls_context(section.to_tls())
        elif isinstance(section, TlsConfig) and _names_something(section):
            make_context(section)
    except (TargetError, ValueError) as error:
        return str(error)
    return ""


def _names_something(config: TlsConfig) -> bool:
    """Whether it has more than the system's authorities, which take long to read."""
    return any((config.ca, config.ca_file, config.cert, config.cert_file))


def _sections(value: object, place: Place = ()) -> Iterator[tuple[Place, BaseModel]]:
    """The sections about TLS, with their places."""
    if isinstance(value, TlsSection | TlsConfig):
        yield place, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _sections(getattr(value, name), (*place, field.alias or name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _sections(item, (*place, index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _sections(item, (*place, key))
