"""Logging in, with a password that may have been changed since it was read."""

from exporter.connection.causes import forget_frames
from exporter.connection.passwords import passwords_of
from exporter.connection.stream import Stream
from exporter.connection.translate import connect_error
from exporter.errors import LOGIN_REASONS, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Target


async def log_in(target: Target, where: str, *, connect_timeout_seconds: float) -> Stream:
    """Open a connection and log in.

    A password that is refused is read again, once; if it has become another, that one is tried at once.

    Raises `TargetError`.
    """
    passwords = passwords_of(target.credentials)
    try:
        password = await passwords.current()
    except TargetError as error:
        raise TargetError(error.reason, f"{where}: {error}") from error
    try:
        stream = await _open(target, where, password, connect_timeout_seconds)
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
        stream = await _open(target, where, password, connect_timeout_seconds)
    passwords.accepted(password)
    return stream


async def _open(target: Target, where: str, password: Secret, connect_timeout_seconds: float) -> Stream:
    stream = Stream(target, password, connect_timeout_seconds=connect_timeout_seconds)
    try:
        await stream.open()
    except BaseException as error:
        stream.abort()
        if isinstance(error, TargetError) or not isinstance(error, Exception):
            raise
        forget_frames(error)
        raise connect_error(error, where) from error
    return stream
