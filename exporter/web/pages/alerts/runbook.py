"""Runbooks: the section that an alert's `runbook_url` leads to, rendered, where it is one that is shipped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from exporter.shipped import shipped_runbooks

_PATH: Final = re.compile(r"/docs/runbooks/([a-z_]+\.md)$")
_NOT_IN_SLUGS: Final = re.compile(r"[^\w\- ]")
_SCHEMES: Final = ("http", "https")


@dataclass(frozen=True, slots=True)
class Runbook:
    """What to read; `text` is empty where the runbook is somebody else's, `name` says which one it is."""

    href: str
    name: str
    text: Markup


def runbook_of(url: str) -> Runbook | None:
    """The runbook at an address; None where that is nothing that a browser should open."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES:
        return None
    found = _PATH.search(parts.path)
    text = _section(found[1], unquote(parts.fragment), url.strip()) if found else Markup()
    name = f"{found[1]}#{parts.fragment}" if found else parts.netloc + parts.path
    return Runbook(url.strip(), name, text)


@lru_cache(maxsize=256)
def _section(file: str, anchor: str, url: str) -> Markup:
    try:
        text = (shipped_runbooks() / file).read_text()
    except OSError:
        return Markup()
    # Without HTML: what is in there is text.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = _below(markdown.parse(text), anchor)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", urljoin(url, str(child.attrGet("href"))))
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


def _below(tokens: Sequence[Token], anchor: str) -> list[Token]:
    """The tokens between the heading of a name, as GitHub makes it, and the next one of its size."""
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and _slug(tokens[index + 1].content) == anchor.lower():
            rest = tokens[index + 3 :]
            ends = [n for n, one in enumerate(rest) if one.type == "heading_open" and one.tag <= token.tag]
            return list(rest[: ends[0]] if ends else rest)
    return []


def _slug(heading: str) -> str:
    return _NOT_IN_SLUGS.sub("", heading.lower()).replace(" ", "-")
