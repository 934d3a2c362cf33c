"""The documentation as a site: every page and link leads somewhere, nothing is fetched from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_FETCHED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*?\b(?:src|srcset)=\"?(https?:[^\"\s>]+)")
_STYLES = re.compile(r"<link\b(?=[^>]*rel=\"?(?:stylesheet|icon|preload))[^>]*?href=\"?(https?:[^\"\s>]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
    # With `strict` a page that is in no menu is an error, and so is a link that leads nowhere.
    assert done.returncode == 0, done.stderr
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    pages = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    folders = {Path("decisions/README"): Path("decisions/index")}
    assert {folders.get(path, path) for path in documents} <= pages
    assert "Commands" in (site / "index.html").read_text()


def test_a_page_needs_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert _FETCHED.findall(text) + _STYLES.findall(text) == [], page
