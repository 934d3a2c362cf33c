"""Metrics of the alertmanager.yml in force, and of the Alertmanager that this is like: under its names.

Source: config/coordinator.go and cmd/alertmanager/main.go of github.com/prometheus/alertmanager. Karma asks
`alertmanager_build_info` how to talk to it; alertmanager-mixin compares the hash.
"""

import hashlib
import platform
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

import exporter

ALERTMANAGER_VERSION: Final = "0.34.2"
"""The Alertmanager whose API and file format are understood."""


class ConfigMetrics:
    """Metrics that each configuration sets when it comes into force."""

    def __init__(self, registry: CollectorRegistry) -> None:
        build = Gauge(
            "alertmanager_build_info",
            "The version of Alertmanager whose API and configuration this daemon understands; always 1.",
            ["branch", "goarch", "goos", "goversion", "revision", "tags", "version"],
            registry=registry,
        )
        language = f"python{platform.python_version()}"
        revision = f"redis-vigil {exporter.__version__}"
        build.labels(
            "", platform.machine(), platform.system().lower(), language, revision, "", ALERTMANAGER_VERSION
        ).set(1)
        self._hash = Gauge(
            "alertmanager_config_hash",
            "Hash of the currently loaded alertmanager configuration.",
            registry=registry,
        )

        self._receivers = Gauge(
            "alertmanager_receivers", "Number of configured receivers.", registry=registry
        )
        self._integrations = Gauge(
            "alertmanager_integrations", "Number of configured integrations.", registry=registry
        )

    def applied(self, text: str, *, receivers: int, integrations: int) -> None:
        """Set the metrics of a configuration that came into force; `text` is the configuration."""
        self._receivers.set(receivers)
        self._integrations.set(integrations)
        # As many bits as a double holds exactly.
        digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        self._hash.set(int.from_bytes(digest[:6], "little"))
