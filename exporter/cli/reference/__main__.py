"""`python -m exporter.cli.reference`: writes docs/commands.md and docs/redis-vigil.1."""

from pathlib import Path

import exporter
from exporter.cli.reference import all_commands, man_page, markdown_page

if __name__ == "__main__":
    commands = all_commands()
    Path("docs/commands.md").write_text(markdown_page(commands), encoding="utf-8")
    Path("docs/redis-vigil.1").write_text(man_page(commands, exporter.__version__), encoding="utf-8")
