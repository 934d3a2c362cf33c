"""What TaskTiger's workers do."""

import time


def succeed():
    return "done"


def fail():
    raise ValueError("bad")


def hang():
    time.sleep(600)
