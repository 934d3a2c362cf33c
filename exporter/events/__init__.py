"""Events: what a server or this daemon would forget, kept with time, instance, kind and fields."""

from exporter.events.event import Event, EventKind, Fields, FieldValue, identity_of
from exporter.events.log import EventLog
from exporter.events.query import MAX_LIMIT, Cursor, EventQuery, Page, StoredEvent
from exporter.events.recorder import EventRecorder, EventSink, NoEvents

__all__ = [
    "MAX_LIMIT",
    "Cursor",
    "Event",
    "EventKind",
    "EventLog",
    "EventQuery",
    "EventRecorder",
    "EventSink",
    "FieldValue",
    "Fields",
    "NoEvents",
    "Page",
    "StoredEvent",
    "identity_of",
]
