"""`discovery.kubernetes`: servers that the API server of a Kubernetes cluster knows of.

Source of roles, selectors and labels:
https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from exporter.config.alertmanager.http import Authorization, TlsConfig
from exporter.config.fields import Duration, PositiveDuration, ReadableFile, Section
from exporter.config.kubeconfig import ApiAccess, access_of_pod, read_kubeconfig
from exporter.config.sources import AddressedSection
from exporter.config.validation import PlacedError
from exporter.config.web import SecretHttpUrl
from exporter.errors import Problem

Role = Literal["endpointslice", "endpoints", "pod", "service"]
ROLES: Final[tuple[str, ...]] = get_args(Role)

_NAMESPACE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def _namespace(text: str) -> str:
    if not _NAMESPACE.fullmatch(text):
        raise ValueError(f'"{text}" is not the name of a namespace: small letters, digits and -')
    return text


class NamespacesSection(Section):
    """Where to look; in all namespaces, where nothing is given."""

    names: Annotated[tuple[Annotated[str, AfterValidator(_namespace)], ...], Field(max_length=100)] = ()
    """The namespaces; each is asked by itself, so that roles in these are permission enough."""
    own_namespace: bool = False
    """The namespace that the daemon's own pod is in, besides these."""


class SelectorSection(Section):
    """Which objects of one kind are asked for."""

    role: Role | None = None
    """Of which kind; that of the source where it is not given."""
    label: str = ""
    """A label selector: `app.kubernetes.io/name=redis,tier!=test`."""
    field: str = ""
    """A field selector: `metadata.name=redis`."""


class KubernetesSection(AddressedSection):
    """What the API server of a Kubernetes cluster knows of, as Prometheus' kubernetes_sd.

    In a pod it is asked with the token of the pod's service account, which may list what the role names.
    """

    placeholders = (*AddressedSection.placeholders, "namespace", "pod", "service", "node", "port_name")

    role: Role = "endpointslice"
    """Whose addresses: those behind services (`endpointslice`, or `endpoints` of old clusters), those of each
    `pod`, or of each `service` itself."""
    namespaces: NamespacesSection = NamespacesSection()
    """Where to look."""
    selectors: tuple[SelectorSection, ...] = ()
    """Which objects are asked for; one selector for each kind of object."""
    ports: tuple[str, ...] = ()
    """Which ports are those of servers, by name or number; all of TCP where none is given."""
    api_server: SecretHttpUrl | None = None
    """Where the API server is; that of the cluster which the daemon runs in, where it is not given."""
    kubeconfig_file: ReadableFile | None = None
    """A kubeconfig, whose current context says where the API server is, and how to log in there."""
    authorization: Authorization | None = None
    """The token for `api_server`; a file is read for each request."""
    tls_config: TlsConfig = TlsConfig()
    """How the certificate of `api_server` is checked, and which one is shown to it."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often it is asked."""

    @property
    def access(self) -> ApiAccess:
        """Where the API server is, and how it is asked; raises `ValueError` for a bad kubeconfig."""
        if self.kubeconfig_file is not None:
            return read_kubeconfig(self.kubeconfig_file)
        if self.api_server is not None:
            return ApiAccess(self.api_server.reveal(), self.tls_config, self.authorization)
        return access_of_pod()

    @model_validator(mode="after")
    def _check_kubeconfig(self) -> Self:
        try:
            # Also so that it is read where a mistake can still be told with its place.
            _ = self.access
        except ValueError as error:
            raise PlacedError([Problem(("kubeconfig_file",), f"{self.kubeconfig_file} {error}")]) from None
        return self

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        if self.kubeconfig_file and self.api_server:
            yield Problem(("api_server",), "kubeconfig_file says where it is: only one of them can be given")
        if self.api_server and "?" in self.api_server.reveal():
            yield Problem(("api_server",), "must end with its path: the paths of lists are appended to it")
        for name in ("authorization", "tls_config"):
            if name in self.model_fields_set and not self.api_server:
                yield Problem((name,), "has no effect without api_server")
        roles = [selector.role or self.role for selector in self.selectors]
        for index, role in enumerate(roles):
            if role in roles[:index]:
                yield Problem(("selectors", index), f"there is one of {role} already: join them by commas")
