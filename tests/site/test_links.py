"""Links as they are on GitHub become links as they are on the site."""

import pytest

from tools.site.links import for_site


@pytest.mark.parametrize(
    ("path", "link", "expected"),
    [
        ("README.md", "docs/rules.md#tests", "rules.md#tests"),
        ("README.md", "docs/pictures/a.svg", "pictures/a.svg"),
        ("README.md", "rules/", "https://github.com/redis-vigil/redis-vigil/blob/main/rules"),
        ("README.md", "docs/runbooks/", "https://github.com/redis-vigil/redis-vigil/tree/main/docs/runbooks"),
        ("docs/rules.md", "runbooks/memory.md", "runbooks/memory.md"),
        ("docs/rules.md", "../README.md#commands", "index.md#commands"),
        ("docs/runbooks/memory.md", "../rules.md", "../rules.md"),
        (
            "docs/runbooks/memory.md",
            "../../rules/memory.yml",
            "https://github.com/redis-vigil/redis-vigil/blob/main/rules/memory.yml",
        ),
        ("docs/rules.md", "https://example.com/docs/", "https://example.com/docs/"),
        ("docs/rules.md", "#here", "#here"),
    ],
)
def test_a_link_leads_to_where_it_led(path: str, link: str, expected: str) -> None:
    assert for_site(f"See [that]({link}).", path) == f"See [that]({expected})."


def test_pictures_in_html_are_links_and_code_is_not() -> None:
    text = '<img src="docs/a.png">\n```console\n$ cat "[x](docs/b.md)"\n```\n![b](docs/c.png)\n'
    assert for_site(text, "README.md") == (
        '<img src="a.png">\n```console\n$ cat "[x](docs/b.md)"\n```\n![b](c.png)\n'
    )
