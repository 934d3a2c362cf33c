"""The templates of the pages: one environment of Jinja for the process, compiled before the loop runs."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context

from exporter.model.visible import shorten, visible
from exporter.web.pages.assets import asset_path
from exporter.web.pages.moments import moment_text, span_text

# In the variables of a page: the contexts that were made for it.
CONTEXTS: Final = "contexts_of_page"


class ReleasableContext(Context):
    """A context of Jinja that is known to its page, which takes it apart at its end (`release`).

    Macros and the context that they stand in hold each other. What a page showed would lie about until
    Python looks for cycles, which it seldom does among what is old.
    """

    def __init__(self, environment: Environment, parent: dict[str, Any], *others: Any, **named: Any) -> None:
        super().__init__(environment, parent, *others, **named)
        if (contexts := parent.get(CONTEXTS)) is not None:
            contexts.append(self)


def release(contexts: list[Context]) -> None:
    """Take the contexts of a page apart, which is written or has been given up."""
    for one in contexts:
        one.vars.clear()
        one.parent.clear()
    contexts.clear()


@cache
def templates() -> Environment:
    """The environment that all pages share; each template is compiled at its first use."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        # What is installed anew while the daemon runs belongs to the next one.
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.context_class = ReleasableContext
    environment.globals["asset"] = asset_path
    environment.filters |= {
        "visible": visible,
        "shorten": shorten,
        "segment": lambda text: quote(str(text), safe=""),
        "iso": _iso,
        "moment": moment_text,
        "span": span_text,
    }
    return environment


def compile_templates() -> None:
    """Compile all of them, in a third of a second.

    Each would hold the event loop up for some 30 ms, and in a thread as well: the loop, which takes the
    interpreter back after each read and write, would wait for the thread every time.
    """
    for name in templates().list_templates():
        templates().get_template(name)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
