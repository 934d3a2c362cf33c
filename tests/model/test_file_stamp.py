"""What tells a file from the one that stood there before."""

import os
from pathlib import Path

from exporter.model.file_stamp import stamp_of


def test_a_file_that_is_written_or_replaced_has_another_stamp(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    assert stamp_of(None) is None
    assert stamp_of(file) is None
    file.write_text("1")
    before = stamp_of(file)
    assert before == stamp_of(file)
    file.write_text("12")
    assert stamp_of(file) != before
    # With the same size, and the time set back, it still is another file.
    file.write_text("1")
    before = stamp_of(file)
    other.write_text("2")
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    assert stamp_of(file) != before
