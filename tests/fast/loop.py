"""An event loop on real sockets whose time leaps to the next timer when nothing is going on.

Something is going on while a reply of a server is awaited, while a thread or a process works for the loop,
and inside `FastLoop.working`. Then real time passes and the loop's own stands still, so that on a slow
machine nothing times out. Otherwise the loop's time is the moment of the next timer at once.
"""

import asyncio
import contextlib
import gc
import math
import selectors
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context
from types import FunctionType, ModuleType
from typing import Any, Final

from exporter.connection import Connection
from exporter.connection.request import Request

# Between two timers: what was sent over loopback meanwhile is read before time goes on.
_GRACE_SECONDS: Final = 0.002
_LOOK_SECONDS: Final = 0.02
# Who has not answered for so long, of real time, does not hold the loop's time up any longer.
_PATIENCE_SECONDS: Final = 20.0
# What it takes to read what has arrived.
_READING_SECONDS: Final = 0.0002
_START_SECONDS: Final = 1000.0


class _Selector(selectors.DefaultSelector):
    """Waits for sockets in real time, and keeps the loop's own."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = _START_SECONDS
        self.at_real_pace = False
        self.is_busy: Callable[[], bool] = lambda: False
        self._has_read = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.at_real_pace:
            return self._wait(timeout)
        events = super().select(0)
        if not events and timeout != 0:
            events = self._wait_or_leap(timeout)
        self._has_read = self._has_read or bool(events)
        self.seconds += _READING_SECONDS if events else 0.0
        return events

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        events = super().select(timeout)
        self.seconds += time.monotonic() - began
        return events

    def _wait_or_leap(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.is_busy():
            return super().select(_LOOK_SECONDS)
        if self._has_read or timeout is None:
            self._has_read = False
            return super().select(_GRACE_SECONDS)
        self.seconds += timeout
        return []


class FastLoop(asyncio.SelectorEventLoop):
    """The loop; `time()` is its own time in seconds, which does not begin at 0."""

    def __init__(self) -> None:
        self._time = _Selector()
        self._threads = 0
        self._asked: dict[Request, tuple[asyncio.TimerHandle, float, int]] = {}
        self._opening: dict[object, tuple[float, int]] = {}
        self._hanging: set[int] = set()
        super().__init__(self._time)
        self._time.is_busy = self._is_busy
        self.clock = LoopClock(self)

    def time(self) -> float:
        return self._time.seconds

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """The loop's time stands still while something is awaited here that it does not know of."""
        self._threads += 1
        try:
            yield
        finally:
            self._threads -= 1

    @contextlib.contextmanager
    def hanging(self, *ports: int) -> Iterator[None]:
        """Nobody answers on these ports: time goes on to the deadlines of those who ask."""
        self._hanging.update(ports)
        try:
            yield
        finally:
            self._hanging.difference_update(ports)

    @contextlib.contextmanager
    def at_real_pace(self) -> Iterator[None]:
        """Time goes on as on the wall, and every reply takes what it takes."""
        self._time.at_real_pace = True
        try:
            yield
        finally:
            self._time.at_real_pace = False

    def stand_still(self, seconds: float) -> None:
        """Nothing runs for so long, as when the process is stopped."""
        self._time.seconds += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = super().run_in_executor(executor, func, *args)
        self._threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Time stands still while a connection is opened, with its handshake, unless the port hangs."""
        opening = object()
        port = next((one for one in (*args, options.get("port")) if isinstance(one, int)), 0)
        self._opening[opening] = (time.monotonic(), port)
        try:
            return await super().create_connection(*args, **options)
        finally:
            del self._opening[opening]

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        """Time stands still while a process runs that the daemon has started."""
        self._threads += 1
        try:
            transport, protocol = await super().subprocess_exec(*args, **options)
        except BaseException:
            self._threads -= 1
            raise
        if transport.get_returncode() is not None:
            # It has ended before anybody could wait for that.
            self._threads -= 1
            return transport, protocol
        exited = protocol.process_exited

        def exit_process() -> None:
            self._threads -= 1
            exited()

        protocol.process_exited = exit_process
        return transport, protocol

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._threads -= 1

    def call_at(  # type: ignore[override]  # which arguments belong to the callback is not said here
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = super().call_at(when, callback, *args, context=context)
        # The deadline of a question. Nothing was asked where somebody only listens.
        if args and isinstance(request := args[0], Request) and request.payload:
            owner = getattr(callback, "__self__", None)
            port = owner.target.address.port if isinstance(owner, Connection) else 0
            self._asked[request] = (handle, time.monotonic(), port)
        return handle

    def _is_busy(self) -> bool:
        now = time.monotonic()
        over = [
            request
            for request, (alarm, _, _) in self._asked.items()
            if alarm.cancelled() or alarm.when() <= self.time()
        ]
        for request in over:
            del self._asked[request]
        waits = [*((since, port) for _, since, port in self._asked.values()), *self._opening.values()]
        return self._threads > 0 or any(
            port not in self._hanging and now - since < _PATIENCE_SECONDS for since, port in waits
        )


class LoopClock:
    """The machine's clock by a loop's time; `set_seconds` sets it on or back.

    It begins with the next minute of the real time of day: what is due in slots is due after the same time
    then, whenever a story begins.
    """

    set_seconds = 0.0

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._offset = math.ceil(time.time() / 60) * 60 - loop.time()

    def now(self) -> float:
        return self._offset + self._loop.time() + self.set_seconds

    def monotonic(self) -> float:
        return self._loop.time()


def run_fast(story: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a loop of its own; the daemon's modules see that loop's time meanwhile.

    What nobody has awaited and has failed ("Task exception was never retrieved") fails the story, too.
    """
    loop = FastLoop()
    unretrieved: list[str] = []
    loop.set_exception_handler(lambda _, context: unretrieved.append(_described(context)))
    with asyncio.Runner(loop_factory=lambda: loop) as runner, _own_time(loop.clock):
        runner.run(story)
        # Tasks and futures say so when they are thrown away, which for those in a circle is here.
        gc.collect()
    assert not unretrieved, "\n".join(unretrieved)


def _described(context: dict[str, Any]) -> str:
    error = context.get("exception")
    trace = "".join(traceback.format_exception(error)) if error is not None else ""
    return f"{context['message']} {context.get('task') or context.get('future') or ''}\n{trace}"


@contextlib.contextmanager
def _own_time(clock: LoopClock) -> Iterator[None]:
    """Give the modules of the daemon, and nobody else, another module `time`."""
    module = ModuleType("time")
    module.__dict__.update(vars(time))
    module.__dict__.update(time=clock.now, monotonic=clock.monotonic)
    ours = [one for name, one in list(sys.modules.items()) if name.startswith("exporter.")]
    namespaces = [vars(one) for one in ours if vars(one).get("time") is time]
    functions = [function for one in ours for function in _functions(one) if _has_clock(function)]
    saved = [(function, function.__defaults__, function.__kwdefaults__) for function in functions]
    try:
        for namespace in namespaces:
            namespace["time"] = module
        for function, defaults, named in saved:
            function.__defaults__ = tuple(_replaced(one, clock) for one in defaults or ()) or None
            function.__kwdefaults__ = {key: _replaced(one, clock) for key, one in (named or {}).items()}
        yield
    finally:
        for namespace in namespaces:
            namespace["time"] = time
        for function, defaults, named in saved:
            function.__defaults__, function.__kwdefaults__ = defaults, named


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions of a module and those of its classes."""
    for one in vars(module).values():
        members = vars(one).values() if isinstance(one, type) else (one,)
        yield from (member for member in members if isinstance(member, FunctionType))


def _has_clock(function: FunctionType) -> bool:
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return any(one is time.monotonic for one in defaults)


def _replaced(default: Any, clock: LoopClock) -> Any:
    return clock.monotonic if default is time.monotonic else default
