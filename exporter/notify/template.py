"""Templates of notifications: defaults, files of the user, and fields of receivers."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Final

from exporter.config.alertmanager.style import MessageStyle
from exporter.config.document import Document
from exporter.config.validation import hint
from exporter.errors import ConfigError, Place, Problem, TemplateError, describe
from exporter.gotemplate import Function, Limits, Template, TemplateSet
from exporter.gotemplate.alertmanager import Alerts, NotificationData, route_label_function
from exporter.model.regular_file import read_file
from exporter.notify.style import DEFAULT_FILES, function_names

_LARGEST_FILE_BYTES: Final = 1 << 20
# Enough for a message about thousands of alerts on a busy machine.
TEMPLATE_LIMITS: Final = Limits(
    steps=2_000_000,
    output_characters=4 << 20,
    produced_characters=64 << 20,
    seconds=10.0,
    cpu_seconds=2.0,
)
# The most alerts in the fallback of a page, which may have failed because of its length.
_ALERTS_IN_FALLBACK: Final = 50


def load_templates(files: Iterable[Path] = (), style: MessageStyle = "alertmanager") -> TemplateSet:
    """Load the default templates of a style, and the user's files, which replace templates of the same name.

    Raises `ConfigError` with the problems of all files.
    """
    templates = TemplateSet(function_names(style))
    for name in DEFAULT_FILES[style]:
        text = resources.files("exporter.notify").joinpath("templates", name).read_text(encoding="utf-8")
        templates.add(text, name=name)
    problems: list[Problem] = []
    for path in files:
        try:
            templates.add(_read(path), name=str(path))
        except TemplateError as error:
            problems.append(Problem((), error.message, file=str(path), line=error.line, column=error.column))
    if problems:
        raise ConfigError(problems)
    return templates


def _read(path: Path) -> str:
    try:
        content = read_file(path, _LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise TemplateError(f"cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_FILE_BYTES:
        raise TemplateError(f"is larger than {_LARGEST_FILE_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise TemplateError("is not UTF-8 text") from None


@dataclass(slots=True)
class TemplateCompiler:
    """Parses the templates in the fields of one receiver and collects what is wrong with them.

    `document` is alertmanager.yml, so that problems have a line; without it they have none. `warnings` are
    calls of templates that do not exist: Alertmanager takes such a file, and fails when it sends.
    """

    templates: TemplateSet
    place: Place = ()
    document: Document | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def at(self, *steps: str | int) -> "TemplateCompiler":
        """Return the compiler of a place further down; problems go to the same list."""
        place = (*self.place, *steps)
        return TemplateCompiler(self.templates, place, self.document, self.problems, self.warnings)

    def parse(self, name: str | int, text: str) -> Template:
        """Parse the template in a field; return an empty one where there is a problem."""
        place = (*self.place, name)
        try:
            template = self.templates.parse(text, name=describe(place))
        except TemplateError as error:
            where = f"line {error.line}, column {error.column} of it"
            self.problems.append(
                self._problem(place, f"the template does not parse: {error.message} ({where})")
            )
            return self.templates.parse("", name=describe(place))
        for called in template.undefined():
            known = [name for name in self.templates if not name.startswith("__")]
            message = f'there is no template "{called}"{hint(called, known)}'
            self.warnings.append(self._problem(place, message))
        return template

    def problem(self, message: str) -> Problem:
        """Return a problem of the whole entry."""
        return self._problem(self.place, message)

    def _problem(self, place: Place, message: str) -> Problem:
        if self.document is None:
            return Problem(place, message, file="alertmanager.yml")
        return self.document.problem(place, message)


class MessageTime:
    """Time budget of the templates of one message, from now on, in this thread."""

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + TEMPLATE_LIMITS.seconds
        self._busy_until = time.thread_time() + TEMPLATE_LIMITS.cpu_seconds

    def limits(self) -> Limits:
        """Return the limits of the next template; raises `TemplateError` where no time is left."""
        seconds = round(self._ends_at - time.monotonic(), 2)
        cpu_seconds = round(self._busy_until - time.thread_time(), 2)
        if seconds <= 0 or cpu_seconds <= 0:
            most = TEMPLATE_LIMITS.cpu_seconds
            raise TemplateError(f"the templates of this message take longer than {most:g} s")
        return replace(TEMPLATE_LIMITS, seconds=seconds, cpu_seconds=cpu_seconds)


class Rendering:
    """Expands the templates of one message. No error in them keeps the message from being sent.

    A template that fails yields what `fallback` yields instead, if anything, and the fault in words. `guard`
    is applied to those words, and `finish` to every result. All templates of a message have two seconds
    together, but for those that stand in for others.
    """

    def __init__(
        self,
        data: NotificationData,
        functions: Mapping[str, Function],
        *,
        guard: Callable[[str], str] = str,
        finish: Callable[[str], str] = str,
        beside: "Rendering | None" = None,
    ) -> None:
        # All templates of one message share the time.
        self._time: MessageTime = beside._time if beside else MessageTime()
        self._data = data
        self._functions = {**functions, **route_label_function(data)}
        self._guard = guard
        self._finish = finish
        self.faults: list[str] = []
        """What failed outside of texts that people read, in words that are safe to print."""

    def text(
        self, template: Template, fallback: Template | None = None, *, longest: int | None = None
    ) -> str:
        """Expand a text that people read; cut to `longest` characters, with … for the rest."""
        try:
            result = self._expand(template)
        except TemplateError as error:
            instead = self._try(fallback) if fallback is not None else ""
            result = " ".join(filter(None, (instead, self._guard(fault_text(error)))))
        return self._finish(truncate(result, longest))

    def value(self, template: Template) -> str:
        """Expand a text that programs read, such as a URL; empty, with an entry in `faults`, on failure."""
        try:
            return self._finish(self._expand(template))
        except TemplateError as error:
            self.faults.append(self._finish(self._guard(fault_text(error))))
            return ""

    def html(self, template: Template, fallback: Template) -> str:
        """Expand an HTML page; if that fails, `fallback` with the first alerts, and the error."""
        try:
            return self._expand(template, html=True)
        except TemplateError as error:
            first = Alerts(self._data.alerts[:_ALERTS_IN_FALLBACK])
            within = Rendering(replace(self._data, alerts=first), self._functions)
            return within._try(fallback, html=True) + _paragraph(fault_text(error))

    def _expand(self, template: Template, *, html: bool = False) -> str:
        return template.expand(self._data, self._functions, html=html, limits=self._time.limits())

    def _try(self, template: Template, *, html: bool = False) -> str:
        """Expand a fallback; empty if that fails, too."""
        try:
            return template.expand(self._data, self._functions, html=html, limits=TEMPLATE_LIMITS)
        except TemplateError:
            return ""


def fault_text(error: TemplateError) -> str:
    """Return the text in place of one whose template failed; the same words as Prometheus'."""
    return f"<error expanding template: {error}>"


def _paragraph(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{escaped}</p>\n"


def truncate(text: str, longest: int | None) -> str:
    """Return the text, or its beginning with … as the last character."""
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"
