"""The table of docs/redis_exporter.md, made from the flags that the conversion knows.

`python -m exporter.migration.redis_exporter.page docs/redis_exporter.md` writes it into the file.
"""

import sys
from pathlib import Path
from typing import Final

from exporter.migration.redis_exporter.flags import FLAGS, Fate, Flag

BEGIN: Final = "<!-- The table of flags begins: written by `make docs`, not by hand. -->"
END: Final = "<!-- The table of flags ends. -->"
_FATES: Final = {Fate.TAKEN: "", Fate.NEEDLESS: "Needless: ", Fate.DIFFERS: "Differs: "}


def table() -> str:
    """A row for each flag, in the order of its own help."""
    rows = [f"| {_flag(flag)} | {_FATES[flag.fate]}{flag.here} |" for flag in FLAGS]
    return "\n".join(("| redis_exporter | here |", "|---|---|", *rows))


def _flag(flag: Flag) -> str:
    return f"`--{flag.name}`" + (f" `{flag.variable}`" if flag.variable else "")


def with_table(text: str) -> str:
    """A Markdown file with the table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main() -> None:
    """Write the table into the file named on the command line."""
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
