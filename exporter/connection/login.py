"""Logging in, with a password that may have been changed since it was read."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from exporter.connection.passwords import passwords_of
from exporter.errors import LOGIN_REASONS, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Target

Opened = TypeVar("Opened")


async def log_in(target: Target, where: str, attempt: Callable[[Secret], Awaitable[Opened]]) -> Opened:
    """Make an attempt with the password as it is known, and return what was opened.

    A password that is refused is read again, once; if it has become another, that one is tried at once.

    Raises `TargetError`.
    """
    passwords = passwords_of(target.credentials)
    try:
        password = await passwords.current()
    except TargetError as error:
        raise TargetError(error.reason, f"{where}: {error}") from error
    try:
        opened = await attempt(password)
    except TargetError as refusal:
        if refusal.reason not in LOGIN_REASONS or passwords.source is None:
            raise
        try:
            renewed = await passwords.renew(password)
        except TargetError as error:
            raise TargetError(refusal.reason, f"{refusal}; {error}") from refusal
        if renewed == password:
            raise TargetError(
                refusal.reason, f"{refusal} (the password is that of {passwords.source})"
            ) from refusal
        password = renewed
        opened = await attempt(password)
    passwords.accepted(password)
    return opened
