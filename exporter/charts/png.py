"""A picture as PNG, for where no SVG is shown: mails, and files for Slack.

It is drawn with fonts of our own, so that there is text on a machine without any, and the same on all. The
library holds Python's global lock for the tenth of a second that a picture takes. So that the event loop does
not stand still, `draw_png` has another process do it, which also bears what a picture may do to the library.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from exporter.errors import PictureError

_FONTS: Final = Path(__file__).parent / "fonts"
_FILES: Final = [str(_FONTS / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")]
_FAMILY: Final = "DejaVu Sans"
_SHARP: Final = 2.0
_DEADLINE: Final = 20.0
_LONGEST: Final = 4_000_000
# -P: a directory with our name where the daemon was started is not us.
_COMMAND: Final = (sys.executable, "-P", "-m", "exporter.charts.png")


# How a picture is drawn that must not be large, from the finest on: pixels for each of its own, and whether
# lines have smooth edges, which take most of the room.
_FINENESS: Final = ((2.0, True), (1.5, True), (2.0, False), (1.5, False), (1.0, False))


async def draw_png(svg: str, deadline: float = _DEADLINE, *, most_bytes: int = _LONGEST) -> bytes:
    """Return a picture as PNG, drawn by a process of its own within `deadline` seconds.

    It is as fine as `most_bytes` allow.

    Raises:
        PictureError: it is no SVG, it took too long, it is too large, or no process could be started.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND, str(most_bytes), stdin=pipe, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        raise PictureError(f"no process for a picture: {error}") from error
    try:
        async with asyncio.timeout(deadline):
            drawn, said = await process.communicate(svg.encode("utf-8", "replace"))
    except TimeoutError as error:
        raise PictureError(f"a picture took longer than {deadline:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines() or [f"exit code {process.returncode}"]
        raise PictureError(f"a picture was not drawn: {lines[-1]}")
    return drawn


def png(svg: str, *, zoom: float = _SHARP, is_smooth: bool = True) -> bytes:
    """Return a picture as PNG, with `zoom` pixels for each of its own.

    Raises:
        ValueError: it is no SVG.
    """
    # A start without pictures does without the library.
    from resvg_py import svg_to_bytes

    return bytes(
        svg_to_bytes(
            svg_string=svg,
            zoom=zoom,
            skip_system_fonts=True,
            font_files=_FILES,
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
            shape_rendering="geometric_precision" if is_smooth else "crisp_edges",
        )
    )


def png_within(svg: str, most_bytes: int) -> bytes:
    """Return a picture as PNG, as fine as so many bytes allow.

    Raises:
        ValueError: it is no SVG, or too large in any case.
    """
    for zoom, is_smooth in _FINENESS:
        drawn = png(svg, zoom=zoom, is_smooth=is_smooth)
        if len(drawn) <= most_bytes:
            return drawn
    raise ValueError(f"it takes more than {most_bytes:,} bytes")


def main() -> None:
    """The process: an SVG comes in, a PNG goes out, of at most so many bytes as its argument says."""
    try:
        svg = sys.stdin.buffer.read(_LONGEST).decode("utf-8", "replace")
        drawn = png_within(svg, int(sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main()
