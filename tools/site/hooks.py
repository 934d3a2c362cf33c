"""What MkDocs calls while it builds the site: the README becomes its first page, links become its own."""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from tools.site.links import for_site

_ROOT = Path(__file__).parent.parent.parent


def on_files(files: Files, *, config: Any) -> Files:
    """Add the first page."""
    text = for_site((_ROOT / "README.md").read_text(encoding="utf-8"), "README.md")
    files.append(File.generated(config, "index.md", content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Bring links out of docs/ to the repository."""
    return markdown if page.file.src_uri == "index.md" else for_site(markdown, f"docs/{page.file.src_uri}")
