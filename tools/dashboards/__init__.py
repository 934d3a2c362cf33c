"""Grafana dashboards as code, for Prometheus and for the daemon's own API alike.

Needs grafana-foundation-sdk, and is no part of the wheel, which has the JSON that `make dashboards` writes.
One module (or package) per dashboard, one function per panel:

- `selectors`: what every query selects
- `panels`, `columns`: the kinds of panels, with what all of their kind have in common
- `thresholds`: from where on a value is orange or red
- `variables`, `annotations`, `frame`: what every dashboard has around its panels
- `fleet`, `instance`, `keyspace`, `queues`, `slow`, `alerts`: the dashboards
- `catalogue`: all of them, and their JSON
"""
