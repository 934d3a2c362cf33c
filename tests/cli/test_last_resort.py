"""The process ends in time also where a thread of it never does."""

import subprocess
import sys
import time

import pytest

_SCRIPT = """
import threading, time
from exporter.cli.last_resort import LastResort
from exporter.log import configure_logging
configure_logging()
end = LastResort(0.5)
end.start()
if {done}:
    end.all_is_done()

def hang_in_a_file_system():
    time.sleep(3600)

threading.Thread(target=hang_in_a_file_system).start()
if not {done}:
    hang_in_a_file_system()
"""


@pytest.mark.parametrize("done", [True, False])
def test_a_thread_that_hangs_does_not_hold_up_the_end(done: bool) -> None:
    began = time.monotonic()
    command = [sys.executable, "-c", _SCRIPT.format(done=done)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert time.monotonic() - began < 60
    assert ended.returncode == (0 if done else 1)
    assert ("does not stop in time" in ended.stderr) is not done
    assert ("hang_in_a_file_system" in ended.stderr) is not done
