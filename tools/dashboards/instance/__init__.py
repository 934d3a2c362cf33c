"""One server closely: what is wrong with it, and since when. One module per row of panels."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tools.dashboards.frame import Group, assemble
from tools.dashboards.instance import clients, commands, health, latency, memory, server


def instance() -> Dashboard:
    """The dashboard."""
    return assemble(
        "instance",
        "Instance",
        "One server (or a few) closely: memory, commands, latency, clients, persistence, replication.",
        [
            Group("Health", health.panels()),
            Group("Memory", memory.panels()),
            Group("Commands", commands.panels()),
            Group("Latency", latency.panels()),
            Group("Clients and network", clients.panels()),
            Group("Persistence", server.persistence()),
            Group("Replication", server.replication()),
            Group("CPU", server.cpu()),
        ],
    )
