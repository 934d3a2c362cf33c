"""Delays between attempts that fail: exponential, capped, spread."""

import random
from collections.abc import Iterator


def exponential_backoff(
    first_seconds: float,
    limit_seconds: float,
    *,
    factor: float = 2.0,
    jitter: float = 0.0,
    rng: random.Random | None = None,
) -> Iterator[float]:
    """Yield delays in seconds: `first_seconds`, then `factor` times the one before, up to `limit_seconds`.

    Each is spread by the share `jitter` of it to either side, so that many that fail at once do not come back
    at once.
    """
    spread = rng or random.Random()
    delay = first_seconds
    while True:
        yield delay * spread.uniform(1 - jitter, 1 + jitter) if jitter else delay
        delay = min(delay * factor, limit_seconds)
