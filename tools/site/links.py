"""Links of documents that are read on GitHub, as they have to be on the site."""

import posixpath
import re
from typing import Final

REPOSITORY: Final = "https://github.com/redis-vigil/redis-vigil"
DOCUMENTS: Final = "docs"

_LINK: Final = re.compile(r"(\]\(|\b(?:src|srcset|href)=\")(?![a-z]+:|#|/)([^)\"\s]+)")
_BLOCK: Final = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


def for_site(text: str, path: str) -> str:
    """Markdown of `path`, relative to the repository, whose links out of docs/ lead to the repository.

    What stands at the top of the repository, as the README does, stands at the top of the site, beside what
    is in docs/.
    """
    folder = posixpath.dirname(path)
    parts = _BLOCK.split(text)
    # Every second part is a block of code.
    parts[::2] = [_LINK.sub(lambda found: found[1] + _target(found[2], folder), part) for part in parts[::2]]
    return "".join(parts)


def _target(link: str, folder: str) -> str:
    place, mark, anchor = link.partition("#")
    path = posixpath.normpath(posixpath.join(folder, place))
    if path == "README.md":
        path = f"{DOCUMENTS}/index.md"
    if path != DOCUMENTS and not path.startswith(f"{DOCUMENTS}/"):
        return f"{REPOSITORY}/blob/main/{path}{mark}{anchor}"
    start = folder if folder == DOCUMENTS or folder.startswith(f"{DOCUMENTS}/") else DOCUMENTS
    inner = posixpath.relpath(path, start)
    # A folder alone, such as that of the runbooks, has no page of its own.
    return f"{REPOSITORY}/tree/main/{path}" if place.endswith("/") else f"{inner}{mark}{anchor}"
