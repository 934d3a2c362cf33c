"""The query page `/graph`: PromQL as table and graph, several panels, under Prometheus' own parameters."""

from exporter.web.pages.graph.page import routes

__all__ = ["routes"]
