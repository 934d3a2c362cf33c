"""`redis-vigil migrate TOOL`: a configuration out of that of another tool. One module per tool."""

import typer

from exporter.cli import migrate_agents, migrate_prometheus, migrate_redis_exporter

app = typer.Typer(
    help="Write a configuration from that of another tool.", no_args_is_help=True, rich_markup_mode=None
)
for command in (migrate_redis_exporter, migrate_prometheus, migrate_agents):
    command.register(app)
