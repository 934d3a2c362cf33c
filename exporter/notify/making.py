"""`Making`: messages are made in threads, those of slow templates apart from all others."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, ParamSpec, TypeVar

ArgumentsT = ParamSpec("ArgumentsT")
MadeT = TypeVar("MadeT")

# Threads compute in turns: more of them make no message sooner.
_THREADS: Final = 4
_SLOW_THREADS: Final = 1
# So much of the processor's time is spent by templates that somebody has made a mistake in.
_SLOW_SECONDS: Final = 0.25


class Making:
    """Makes the messages of one entry of a receiver; one that took long is made behind others of its kind."""

    def __init__(self) -> None:
        self.is_slow = False

    async def run(
        self, make: Callable[ArgumentsT, MadeT], *args: ArgumentsT.args, **options: ArgumentsT.kwargs
    ) -> MadeT:
        """Call this in a thread and return what it makes; given up before its turn, it is not called."""

        def timed() -> MadeT:
            began = time.thread_time()
            try:
                return make(*args, **options)
            finally:
                self.is_slow = time.thread_time() - began > _SLOW_SECONDS

        return await asyncio.get_running_loop().run_in_executor(_threads(self.is_slow), timed)


@lru_cache
def _threads(is_slow: bool) -> ThreadPoolExecutor:
    # The end of the process waits for what is computed, which has bounds; what has not begun is given up.
    return ThreadPoolExecutor(_SLOW_THREADS if is_slow else _THREADS, "messages")
