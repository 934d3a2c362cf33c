"""The way to the API server of a Kubernetes cluster: of a pod in it, or as a kubeconfig file says.

Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exporter.config.alertmanager.http import Authorization, TlsConfig, check_url
from exporter.config.document import Document
from exporter.errors import ConfigError
from exporter.model.secret import Secret

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its service account's token, the authorities of the API server, and its namespace."""

_TRUE: Final = ("true", "True", "TRUE")


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Where the API server is (empty: not in a cluster), whom to trust, and who asks."""

    server: str
    tls: TlsConfig
    authorization: Authorization | None = None


def access_of_pod(environment: Mapping[str, str] = os.environ, account: Path | None = None) -> ApiAccess:
    """The access that a pod has to the API server of its own cluster."""
    folder = account or ACCOUNT
    host, port = (
        environment.get("KUBERNETES_SERVICE_HOST", ""),
        environment.get("KUBERNETES_SERVICE_PORT", "443"),
    )
    shown = f"[{host}]" if ":" in host else host
    return ApiAccess(
        f"https://{shown}:{port}" if host else "",
        TlsConfig(ca_file=folder / "ca.crt"),
        Authorization(credentials_file=folder / "token"),
    )


def read_kubeconfig(path: Path) -> ApiAccess:
    """The access of the current context of a kubeconfig file.

    Raises `ValueError` with one sentence, which shows no token and no key.
    """
    try:
        data = Document.load(path).data
    except ConfigError as error:
        raise ValueError(f"is no kubeconfig: {error.problems[0].message}") from None
    context = _entry(data, "contexts", _text(data, "current-context"), "context")
    cluster = _entry(data, "clusters", _text(context, "cluster"), "cluster")
    user_name = _text(context, "user")
    user = _entry(data, "users", user_name, "user") if user_name else {}
    if "exec" in user or "auth-provider" in user:
        raise ValueError(
            f'has the user "{user_name}" log in by a program, which is not run here: write api_server, and '
            "authorization with the credentials_file of a service account's token"
        )
    server = _text(cluster, "server").rstrip("/")
    try:
        check_url(server)
    except ValueError as error:
        raise ValueError(f"has a cluster whose server {error}") from None
    return ApiAccess(server, _tls(cluster, user, path.parent), _authorization(user, path.parent))


def _entry(data: Any, section: str, name: str, key: str) -> Mapping[str, Any]:
    """What a list of named things holds under a name."""
    items = data.get(section) if isinstance(data, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("name") == name and isinstance(item.get(key), dict):
            found: Mapping[str, Any] = item[key]
            return found
    raise ValueError(f'has no {key} "{name}": current-context, contexts, clusters and users belong together')


def _text(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], base: Path) -> TlsConfig:
    def file(section: Mapping[str, Any], key: str) -> Path | None:
        name = "" if f"{key}-data" in section else _text(section, key)
        return base / name if name else None

    return TlsConfig(
        ca=_decoded(cluster, "certificate-authority-data"),
        ca_file=file(cluster, "certificate-authority"),
        cert=_decoded(user, "client-certificate-data"),
        cert_file=file(user, "client-certificate"),
        key=Secret(key) if (key := _decoded(user, "client-key-data")) else None,
        key_file=file(user, "client-key"),
        server_name=_text(cluster, "tls-server-name"),
        insecure_skip_verify=_text(cluster, "insecure-skip-tls-verify") in _TRUE,
    )


def _authorization(user: Mapping[str, Any], base: Path) -> Authorization | None:
    # As kubectl: a file, which may be written anew, goes before a token.
    if name := _text(user, "tokenFile"):
        return Authorization(credentials_file=base / name)
    token = _text(user, "token")
    return Authorization(credentials=Secret(token)) if token else None


def _decoded(section: Mapping[str, Any], key: str) -> str:
    try:
        return base64.b64decode(_text(section, key), validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError(f"has a {key} that is not in base64") from None
