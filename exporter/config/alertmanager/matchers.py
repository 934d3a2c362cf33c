"""Matchers as people write them: in routes, inhibition rules, and filters of the API.

There are two grammars. The classic one knows ASCII label names and takes almost anything as a value; the
UTF-8 one (Alertmanager 0.27) knows quoted names and values. As in Alertmanager's default mode, a text counts
when either accepts it, and the classic reading wins where both do but differ.

Source: pkg/labels/parse.go, matcher/parse and matcher/compat of github.com/prometheus/alertmanager.
"""

import re
from typing import Final

from exporter.model.matcher import InvalidRegexError, Matcher, MatchOp
from exporter.model.quoting import InvalidEscapeError, unescape

_SPACE: Final = "\t\n\f\r "
_CLASSIC: Final = re.compile(
    rf"[{_SPACE}]*([a-zA-Z_:][a-zA-Z0-9_:]*)[{_SPACE}]*(=~|=|!=|!~)[{_SPACE}]*(.*)", re.DOTALL
)
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<operator>=~|!=|!~|=)|(?P<mark>[{},])"
    r'|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^\s{}!=~,\\"\'`]+)|(?P<end>$))',
    re.DOTALL,
)


class InvalidMatcherError(ValueError):
    """A text that is not a matcher; the message is a sentence about it.

    `column` is where, from 1; 0 where that is not known.
    """

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


def parse_matchers(text: str) -> list[Matcher]:
    """The matchers of a text such as `foo=bar, baz!~"a|b"` or `{"quoted name"="x"}`; none of an empty one.

    Raises `InvalidMatcherError`.
    """
    classic: list[Matcher] | InvalidMatcherError
    modern: list[Matcher] | InvalidMatcherError
    try:
        classic = _parse_classic(text)
    except InvalidMatcherError as error:
        classic = error
    try:
        modern = _Utf8Parser(text).parse()
    except InvalidMatcherError as error:
        modern = error
    if isinstance(modern, InvalidMatcherError) and isinstance(classic, InvalidMatcherError):
        raise modern
    if isinstance(classic, InvalidMatcherError):
        assert not isinstance(modern, InvalidMatcherError)
        return modern
    return classic


def parse_matcher(text: str) -> Matcher:
    """The one matcher of a text without braces; raises `InvalidMatcherError`.

    The classic grammar takes commas for a part of the value here.
    """
    if text.startswith("{") or text.endswith("}"):
        raise InvalidMatcherError(f"{text}: a single matcher stands without braces")
    try:
        return _parse_classic_matcher(text)
    except InvalidMatcherError:
        matchers = parse_matchers(text)
    if len(matchers) != 1:
        raise InvalidMatcherError(f'"{text}" is not one matcher such as foo="bar"')
    return matchers[0]


def format_matchers(matchers: list[Matcher] | tuple[Matcher, ...]) -> str:
    """The canonical text of matchers, as it stands in group keys: `{a="b",c=~"d"}`."""
    return "{" + ",".join(format_matcher(matcher) for matcher in matchers) + "}"


def format_matcher(matcher: Matcher) -> str:
    """One matcher as Alertmanager prints it; a name outside the classic alphabet is quoted."""
    name = matcher.name
    if re.search(r"[\s{}!=~,\\\"'`]", name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    value = matcher.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'{name}{matcher.op}"{value}"'


def make_matcher(name: str, op: MatchOp, value: str) -> Matcher:
    """A matcher whose dot does not match a line break, as in Alertmanager; raises `InvalidMatcherError`."""
    try:
        return Matcher(name, op, value, dot_newline=False)
    except InvalidRegexError as error:
        raise InvalidMatcherError(f'"{value}" is not a regular expression: {error}') from error


def sort_matchers(matchers: list[Matcher]) -> tuple[Matcher, ...]:
    """In Alertmanager's order: by name, then value, then operator."""
    order = list(MatchOp)
    return tuple(sorted(matchers, key=lambda matcher: (matcher.name, matcher.value, order.index(matcher.op))))


def _parse_classic(text: str) -> list[Matcher]:
    tokens = _split_at_commas(text.removeprefix("{").removesuffix("}"))
    if not tokens[-1].strip("\t\n\v\f\r "):
        del tokens[-1]
    return [_parse_classic_matcher(token) for token in tokens]


def _split_at_commas(text: str) -> list[str]:
    """The parts between commas; those inside double quotes do not count."""
    parts = [""]
    quoted = escaped = False
    for char in text:
        if char == "," and not quoted:
            parts.append("")
            continue
        if char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped
        parts[-1] += char
    return parts


def _parse_classic_matcher(text: str) -> Matcher:
    match = _CLASSIC.fullmatch(text)
    if match is None:
        raise InvalidMatcherError(f'"{text}" is not a matcher such as foo="bar"')
    name, op, raw = match.groups()
    raw = raw.rstrip(_SPACE)
    quoted = raw.startswith('"')
    if quoted:
        raw = raw[1:]
        if not re.search(r'(?<!\\)(?:\\\\)*"$', raw):
            raise InvalidMatcherError(f"{text}: the value lacks its closing double quote")
        raw = raw[:-1]
    if re.search(r'(?<!\\)(?:\\\\)*"', raw):
        raise InvalidMatcherError(f"{text}: a double quote inside the value needs a backslash")
    value = re.sub(r'\\([n"\\])', lambda found: {"n": "\n"}.get(found[1], found[1]), raw)
    return make_matcher(name, MatchOp(op), value)


class _Utf8Parser:
    """Reads tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = self._begin = 0
        self._kind = ""
        self._token = ""

    def parse(self) -> list[Matcher]:
        matchers: list[Matcher] = []
        self._advance()
        braced = self._take("{")
        while self._kind in ("word", "quoted"):
            matchers.append(self._matcher())
            if not self._take(","):
                break
        if braced and not self._take("}"):
            raise self._problem("a closing brace")
        if self._kind != "end":
            raise self._problem("a matcher such as foo=bar" if not matchers else "a comma or the end")
        return matchers

    def _matcher(self) -> Matcher:
        name = self._text_token("a label name")
        op = self._token
        if self._kind != "operator":
            raise self._problem("an operator (=, !=, =~ or !~)")
        self._advance()
        return make_matcher(name, MatchOp(op), self._text_token("a value"))

    def _text_token(self, what: str) -> str:
        kind, token = self._kind, self._token
        if kind not in ("word", "quoted"):
            raise self._problem(what)
        self._advance()
        return _unquote(token) if kind == "quoted" else token

    def _take(self, mark: str) -> bool:
        found = self._kind == "mark" and self._token == mark
        if found:
            self._advance()
        return found

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            raise InvalidMatcherError(
                f"{self._text}: column {self._position + 1} begins nothing that a matcher is made of",
                self._position + 1,
            )
        self._kind = match.lastgroup or ""
        self._token = match[self._kind]
        self._begin = match.start(self._kind)
        self._position = match.end()

    def _problem(self, expected: str) -> InvalidMatcherError:
        found = f'"{self._token}"' if self._token else "the end"
        return InvalidMatcherError(f"{self._text}: expected {expected}, found {found}", self._begin + 1)


def _unquote(token: str) -> str:
    """The value of a Go string literal in double quotes."""
    inner = token[1:-1]
    if "\n" in inner:
        raise InvalidMatcherError(f"{token}: a line break inside double quotes is written \\n")
    if "\\" not in inner:
        return inner
    try:
        return unescape(inner, '"').decode()
    except InvalidEscapeError as error:
        shown = error.sequence if error.is_complete else "\\"
        raise InvalidMatcherError(f'{token}: "{shown}" begins no escape that exists') from None
    except UnicodeDecodeError:
        raise InvalidMatcherError(f"{token}: its escapes are not UTF-8") from None
