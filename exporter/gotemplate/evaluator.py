"""Runs a parsed template.

Source of the rules: text/template/exec.go of Go 1.24, with the option `missingkey=zero`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final, Protocol

from exporter.errors import TemplateError, VigilError
from exporter.gotemplate.budget import Budget
from exporter.gotemplate.nodes import (
    Action,
    Block,
    Bool,
    Break,
    Call,
    Chain,
    Choice,
    Command,
    Continue,
    Dot,
    Field,
    Identifier,
    Nil,
    Node,
    Number,
    Operand,
    Pipeline,
    Range,
    Text,
    Variable,
)
from exporter.gotemplate.parser import Definition
from exporter.gotemplate.values import (
    ANY,
    Function,
    Parameter,
    Structure,
    is_true,
    methods_of,
    type_name,
    zero_of,
)


class Output(Protocol):
    """Where the result goes; knows how a value is written at the place that the output has reached."""

    def write_text(self, text: str) -> None:
        """Text of the template itself."""
        ...

    def write_value(self, value: object, last_function: str) -> None:
        """The value of an action, and the function that made it, if one did."""
        ...


class _Jump(Enum):
    """How a block ended before its end."""

    BREAK = auto()
    CONTINUE = auto()


class _Absent:
    """No value came through the pipe."""


_ABSENT: Final = _Absent()
_LAZY: Final = {"and": False, "or": True}


class Evaluator:
    """One expansion of one template."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        functions: Mapping[str, Function],
        builtins: Mapping[str, Function],
        output: Output,
        budget: Budget,
    ) -> None:
        self._definitions = definitions
        self._functions = functions
        self._builtins = builtins
        self._output = output
        self._budget = budget
        self._variables: list[tuple[str, object]] = []
        self._offset = 0
        self._definition: Definition

    def run(self, definition: Definition, data: object, variables: Mapping[str, object]) -> None:
        """Write the expansion to the output.

        Raises `TemplateError`.
        """
        self._variables = [("$", data), *variables.items()]
        self._definition = definition
        try:
            self._walk(definition.block, data)
        except RecursionError as error:
            raise self._error("nested too deeply") from error

    def _error(self, message: str) -> TemplateError:
        return self._definition.source.error(self._offset, message)

    # --- blocks -----------------------------------------------------------------------------------------

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """Forget the variables declared within, and count one level of depth."""
        mark = len(self._variables)
        self._spend(self._budget.enter)
        yield
        self._budget.leave()
        del self._variables[mark:]

    def _spend(self, spend: Callable[[], None]) -> None:
        try:
            spend()
        except ValueError as error:
            raise self._error(str(error)) from error

    def _walk(self, block: Block, dot: object) -> _Jump | None:
        for node in block:
            if (jump := self._walk_node(node, dot)) is not None:
                return jump
        return None

    def _walk_node(self, node: Node, dot: object) -> _Jump | None:
        self._offset = node.offset
        self._spend(self._budget.step)
        match node:
            case Text():
                self._write(lambda: self._output.write_text(node.value))
            case Action():
                self._print(node, dot)
            case Choice():
                return self._walk_choice(node, dot)
            case Range():
                return self._walk_range(node, dot)
            case Call():
                self._walk_call(node, dot)
            case Break():
                return _Jump.BREAK
            case Continue():
                return _Jump.CONTINUE
        return None

    def _print(self, node: Action, dot: object) -> None:
        value = self._pipeline(node.pipeline, dot)
        if node.pipeline.variables:
            return
        self._offset = node.offset
        if isinstance(value, Function):
            raise self._error("can't print a function")
        last = node.pipeline.commands[-1].operands[0]
        name = last.name if isinstance(last, Identifier) else ""
        self._write(lambda: self._output.write_value(value, name))

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except ValueError as error:
            raise self._error(str(error)) from error

    def _walk_choice(self, node: Choice, dot: object) -> _Jump | None:
        with self._scope():
            for branch in node.branches:
                value = self._pipeline(branch.pipeline, dot)
                if is_true(value):
                    return self._walk(branch.body, value if branch.sets_dot else dot)
            return self._walk(node.otherwise, dot)

    def _walk_range(self, node: Range, dot: object) -> _Jump | None:
        with self._scope():
            value = self._pipeline(node.pipeline, dot)
            mark = len(self._variables)
            empty = True
            for key, item in self._items(value):
                empty = False
                self._spend(self._budget.step)
                self._set_loop_variables(node.pipeline, mark, key, item)
                jump = self._walk(node.body, item)
                del self._variables[mark:]
                if jump is _Jump.BREAK:
                    break
            return self._walk(node.otherwise, dot) if empty else None

    def _items(self, value: object) -> Iterator[tuple[object, object]]:
        if isinstance(value, (list, tuple)):
            return iter(list(enumerate(value)))
        if isinstance(value, dict):
            return iter(sorted(value.items(), key=lambda item: item[0]))
        if type(value) is int:
            return ((index, index) for index in range(value))
        if value is None:
            return iter(())
        raise self._error(f"range can't iterate over {type_name(value)}")

    def _set_loop_variables(self, pipeline: Pipeline, mark: int, key: object, item: object) -> None:
        names = pipeline.variables
        values = (key, item) if len(names) == 2 else (item,)
        for index, (name, value) in enumerate(zip(names, values, strict=False)):
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables[mark - len(names) + index] = (name, value)

    def _walk_call(self, node: Call, dot: object) -> None:
        definition = self._definitions.get(node.name)
        if definition is None:
            raise self._error(f'template "{node.name}" not defined')
        value = None if node.pipeline is None else self._pipeline(node.pipeline, dot)
        outer, variables = self._definition, self._variables
        self._variables = [("$", value)]
        with self._scope():
            self._definition = definition
            self._walk(definition.block, value)
        self._definition, self._variables = outer, variables

    # --- pipelines --------------------------------------------------------------------------------------

    def _pipeline(self, pipeline: Pipeline, dot: object) -> object:
        self._spend(self._budget.enter)
        value: object = _ABSENT
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        for name in pipeline.variables:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        self._budget.leave()
        return value

    def _assign(self, name: str, value: object) -> None:
        for index in range(len(self._variables) - 1, -1, -1):
            if self._variables[index][0] == name:
                self._variables[index] = (name, value)
                return
        raise self._error(f"undefined variable: {name}")

    def _variable(self, name: str) -> object:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise self._error(f"undefined variable: {name}")

    def _command(self, command: Command, dot: object, final: object) -> object:
        first, arguments = command.operands[0], command.operands[1:]
        self._offset = first.offset
        match first:
            case Field() | Chain():
                return self._chain(first, dot, arguments, final)
            case Variable() if first.names:
                return self._chain(first, dot, arguments, final)
            case Identifier():
                return self._function(first, dot, arguments, final)
        if arguments or final is not _ABSENT:
            raise self._error("can't give argument to non-function")
        if isinstance(first, Nil):
            raise self._error("nil is not a command")
        return self._argument(ANY, first, dot)

    def _chain(
        self,
        node: Field | Chain | Variable,
        dot: object,
        arguments: Sequence[Operand] = (),
        final: object = _ABSENT,
    ) -> object:
        match node:
            case Field():
                receiver = dot
            case Variable():
                receiver = self._variable(node.name)
            case Chain():
                if isinstance(node.base, Nil):
                    raise self._error("indirection through explicit nil")
                receiver = self._argument(ANY, node.base, dot)
        self._offset = node.offset
        for name in node.names[:-1]:
            receiver = self._field(receiver, name, dot, (), _ABSENT)
        return self._field(receiver, node.names[-1], dot, arguments, final)

    def _field(
        self, receiver: object, name: str, dot: object, arguments: Sequence[Operand], final: object
    ) -> object:
        """`receiver.name`: a method, else a field or the element of a map."""
        if receiver is None:
            return None
        if (method := methods_of(receiver).get(name)) is not None:
            return self._call(name, method, dot, arguments, final, (receiver,))
        has_arguments = bool(arguments) or final is not _ABSENT
        if isinstance(receiver, Structure) and name in type(receiver).go_fields:
            if has_arguments:
                raise self._error(f"{name} has arguments but cannot be invoked as function")
            return getattr(receiver, type(receiver).go_fields[name])
        if isinstance(receiver, dict):
            if has_arguments:
                raise self._error(f"{name} is not a method but has arguments")
            return receiver.get(name, zero_of(receiver))
        raise self._error(f"can't evaluate field {name} in type {type_name(receiver)}")

    # --- functions --------------------------------------------------------------------------------------

    def _function(self, node: Identifier, dot: object, arguments: Sequence[Operand], final: object) -> object:
        own = self._functions.get(node.name)
        function = own or self._builtins.get(node.name)
        if function is None:
            raise self._error(f'"{node.name}" is not a defined function')
        if own is None and node.name in _LAZY:
            return self._lazy(node.name, dot, arguments, final)
        return self._call(node.name, function, dot, arguments, final)

    def _lazy(self, name: str, dot: object, arguments: Sequence[Operand], final: object) -> object:
        """`and` and `or` evaluate no more than they need."""
        if not arguments and final is _ABSENT:
            raise self._error(f"wrong number of args for {name}: want at least 1 got 0")
        value: object = None
        for argument in arguments:
            value = self._argument(ANY, argument, dot)
            if is_true(value) is _LAZY[name]:
                return value
        return value if final is _ABSENT else final

    def _call(
        self,
        name: str,
        function: Function,
        dot: object,
        arguments: Sequence[Operand],
        final: object,
        receiver: tuple[object, ...] = (),
    ) -> object:
        offset = self._offset
        parameters = self._parameters(name, function, len(arguments), final is not _ABSENT)
        values = [
            self._argument(parameter, argument, dot)
            for parameter, argument in zip(parameters, arguments, strict=False)
        ]
        self._offset = offset
        if final is not _ABSENT:
            values.append(self._checked(final, parameters[-1]))
        self._spend(self._budget.step)
        try:
            result = function.call(*receiver, *values)
            self._budget.produce(result)
        except RecursionError:
            raise
        except (ValueError, ArithmeticError, LookupError, TypeError, VigilError) as error:
            raise self._error(f"error calling {name}: {error}") from error
        return result

    def _parameters(self, name: str, function: Function, count: int, piped: bool) -> Sequence[Parameter]:
        """One parameter for each value that the function gets."""
        wanted, got = function.parameters, count + piped
        if not function.variadic:
            if got != len(wanted):
                raise self._error(f"wrong number of args for {name}: want {len(wanted)} got {got}")
            return wanted
        fixed = len(wanted) - 1
        if got < fixed:
            raise self._error(f"wrong number of args for {name}: want at least {fixed} got {got}")
        return [*wanted[:fixed], *[wanted[-1]] * (got - fixed)]

    # --- arguments --------------------------------------------------------------------------------------

    def _argument(self, parameter: Parameter, node: Operand, dot: object) -> object:
        """The value of an operand, as the type that a function wants."""
        self._offset = node.offset
        match node:
            case Nil():
                if not parameter.takes_nil:
                    raise self._error(f"cannot assign nil to {parameter.name}")
                return parameter.nil()
            case Dot():
                value = dot
            case Bool() | Text():
                value = node.value
            case Number():
                return self._number(parameter, node)
            case Variable() if not node.names:
                value = self._variable(node.name)
            case Field() | Variable() | Chain():
                value = self._chain(node, dot)
            case Identifier():
                value = self._function(node, dot, (), _ABSENT)
            case Pipeline():
                value = self._pipeline(node, dot)
        self._offset = node.offset
        return self._checked(value, parameter)

    def _number(self, parameter: Parameter, node: Number) -> int | float:
        """A number becomes what its place asks for."""
        value: int | float | None = node.ideal
        if parameter.name == "float64":
            value = node.real
        elif parameter.name == "int":
            value = node.whole
        elif parameter.name != ANY.name:
            raise self._error(f"expected {parameter.name}; found {node.text}")
        if value is None:
            raise self._error(
                f"{node.text} does not fit into {'int' if parameter is ANY else parameter.name}"
            )
        return value

    def _checked(self, value: object, parameter: Parameter) -> object:
        if value is None:
            if parameter.takes_nil:
                return parameter.nil()
            raise self._error(f"invalid value; expected {parameter.name}")
        if not parameter.accepts(value):
            raise self._error(f"wrong type for value; expected {parameter.name}; got {type_name(value)}")
        return value
