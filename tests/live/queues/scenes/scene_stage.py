"""What the scenes in Python have in common. Standard library only: it runs in each framework's
environment."""

import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
_SECONDS = 30


def report(**facts):
    """Tell what has been reached as one line of JSON, and wait to be told to go on."""
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()


def until(condition, what):
    """Wait until something has become true."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_SECONDS} s: {what}")
        time.sleep(0.02)


def start(*command, **environment):
    """A process of its own, whose output goes where complaints go."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        env={**os.environ, **environment},
    )


def program(name):
    """A program of this environment."""
    return os.path.join(os.path.dirname(sys.executable), name)
