"""`--config` of commands that try routes and receivers."""

from pathlib import Path
from typing import Annotated

import typer

RoutingOption = Annotated[
    Path, typer.Option("--config", help="The alertmanager.yml, or the config.yml that names it.")
]
