"""Patterns of template files."""

from pathlib import Path

import pytest

from exporter.config.alertmanager.templates import check_pattern, expand


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("a.tmpl", "b.tmpl", ".hidden.tmpl", "c.txt", "sub/d.tmpl", "sub/e[1].tmpl", "other/f.tmpl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tmpl", ["a.tmpl"]),
        ("*.tmpl", [".hidden.tmpl", "a.tmpl", "b.tmpl"]),
        ("[a-b].tmpl", ["a.tmpl", "b.tmpl"]),
        ("[^a].tmpl", ["b.tmpl"]),
        ("?.t*", ["a.tmpl", "b.tmpl", "c.txt"]),
        ("*/?.tmpl", ["other/f.tmpl", "sub/d.tmpl"]),
        ("sub/e\\[1\\].tmpl", ["sub/e[1].tmpl"]),
        ("sub", []),
        ("missing/*", []),
        ("s*/../a.tmpl", ["a.tmpl"]),
    ],
)
def test_a_pattern_stands_for_these_files(base: Path, pattern: str, names: list[str]) -> None:
    found = [path.resolve().relative_to(base.resolve()).as_posix() for path in expand([pattern], base)]
    assert found == names
    absolute = [path.resolve() for path in expand([f"{base}/{pattern}"], Path("/nowhere"))]
    assert absolute == [(base / name).resolve() for name in names]


def test_each_file_comes_once(base: Path) -> None:
    assert [path.name for path in expand(["b.tmpl", "?.tmpl"], base)] == ["b.tmpl", "a.tmpl"]


@pytest.mark.parametrize("pattern", ["[", "[]", "[a", "x/[a-]", "a\\", "[-a]"])
def test_bad_patterns(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"begins no class|ends with a backslash"):
        check_pattern(pattern)
