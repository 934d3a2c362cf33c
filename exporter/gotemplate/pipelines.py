"""The pipeline evaluator computes what is between the braces of an action.

Source of the rules: text/template/exec.go of Go 1.24, with the option `missingkey=zero`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from exporter.errors import TemplateError, VigilError
from exporter.gotemplate.budget import ExpansionBudget
from exporter.gotemplate.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Operand,
    Pipeline,
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


class _Absent:
    """The absence of a value from the pipe."""


_ABSENT: Final = _Absent()
_LAZY: Final = {"and": False, "or": True}


class PipelineEvaluator:
    """The variables, the functions and the place that an expansion has reached."""

    def __init__(
        self,
        definition: Definition,
        functions: Mapping[str, Function],
        builtins: Mapping[str, Function],
        budget: ExpansionBudget,
    ) -> None:
        self.definition = definition
        self.budget = budget
        self.variables: list[tuple[str, object]] = []
        self.offset = 0
        self._functions = functions
        self._builtins = builtins

    def error(self, message: str) -> TemplateError:
        """Return an error at the place that the expansion has reached."""
        return self.definition.source.error(self.offset, message)

    def spend(self, spend: Callable[[], None]) -> None:
        """Run something that may refuse with a `ValueError`."""
        try:
            spend()
        except ValueError as error:
            raise self.error(str(error)) from error

    def pipeline(self, pipeline: Pipeline, dot: object) -> object:
        """The value of a pipeline, which also sets its variables."""
        self.spend(self.budget.enter)
        value: object = _ABSENT
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        for name in pipeline.variables:
            if pipeline.assigns:
                self.assign(name, value)
            else:
                self.variables.append((name, value))
        self.budget.leave()
        return value

    def assign(self, name: str, value: object) -> None:
        """Give the innermost variable of this name another value."""
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return
        raise self.error(f"undefined variable: {name}")

    def _variable(self, name: str) -> object:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self.error(f"undefined variable: {name}")

    def _command(self, command: Command, dot: object, final: object) -> object:
        first, arguments = command.operands[0], command.operands[1:]
        self.offset = first.offset
        match first:
            case Field() | Chain():
                return self._chain(first, dot, arguments, final)
            case Variable() if first.names:
                return self._chain(first, dot, arguments, final)
            case Identifier():
                return self._function(first, dot, arguments, final)
        if arguments or final is not _ABSENT:
            raise self.error("can't give argument to non-function")
        if isinstance(first, Nil):
            raise self.error("nil is not a command")
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
                    raise self.error("indirection through explicit nil")
                receiver = self._argument(ANY, node.base, dot)
        self.offset = node.offset
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
                raise self.error(f"{name} has arguments but cannot be invoked as function")
            return getattr(receiver, type(receiver).go_fields[name])
        if isinstance(receiver, dict):
            if has_arguments:
                raise self.error(f"{name} is not a method but has arguments")
            return receiver.get(name, zero_of(receiver))
        raise self.error(f"can't evaluate field {name} in type {type_name(receiver)}")

    # --- functions --------------------------------------------------------------------------------------

    def _function(self, node: Identifier, dot: object, arguments: Sequence[Operand], final: object) -> object:
        own = self._functions.get(node.name)
        function = own or self._builtins.get(node.name)
        if function is None:
            raise self.error(f'"{node.name}" is not a defined function')
        if own is None and node.name in _LAZY:
            return self._lazy(node.name, dot, arguments, final)
        return self._call(node.name, function, dot, arguments, final)

    def _lazy(self, name: str, dot: object, arguments: Sequence[Operand], final: object) -> object:
        """Evaluate no more arguments of `and` and `or` than they need."""
        if not arguments and final is _ABSENT:
            raise self.error(f"wrong number of args for {name}: want at least 1 got 0")
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
        offset = self.offset
        parameters = self._parameters(name, function, len(arguments), final is not _ABSENT)
        values = [
            self._argument(parameter, argument, dot)
            for parameter, argument in zip(parameters, arguments, strict=False)
        ]
        self.offset = offset
        if final is not _ABSENT:
            values.append(self._checked(final, parameters[-1]))
        self.spend(self.budget.step)
        try:
            result = function.call(*receiver, *values)
            self.budget.produce(result)
        except RecursionError:
            raise
        except (ValueError, ArithmeticError, LookupError, TypeError, VigilError) as error:
            raise self.error(f"error calling {name}: {error}") from error
        return result

    def _parameters(self, name: str, function: Function, count: int, piped: bool) -> Sequence[Parameter]:
        """One parameter for each value that the function gets."""
        wanted, got = function.parameters, count + piped
        if not function.variadic:
            if got != len(wanted):
                raise self.error(f"wrong number of args for {name}: want {len(wanted)} got {got}")
            return wanted
        fixed = len(wanted) - 1
        if got < fixed:
            raise self.error(f"wrong number of args for {name}: want at least {fixed} got {got}")
        return [*wanted[:fixed], *[wanted[-1]] * (got - fixed)]

    # --- arguments --------------------------------------------------------------------------------------

    def _argument(self, parameter: Parameter, node: Operand, dot: object) -> object:
        """The value of an operand, as the type that a function wants."""
        self.offset = node.offset
        match node:
            case Nil():
                if not parameter.takes_nil:
                    raise self.error(f"cannot assign nil to {parameter.name}")
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
                value = self.pipeline(node, dot)
        self.offset = node.offset
        return self._checked(value, parameter)

    def _number(self, parameter: Parameter, node: Number) -> int | float:
        """Return a number as the type that its parameter asks for."""
        value: int | float | None = node.ideal
        if parameter.name == "float64":
            value = node.real
        elif parameter.name == "int":
            value = node.whole
        elif parameter.name != ANY.name:
            raise self.error(f"expected {parameter.name}; found {node.text}")
        if value is None:
            raise self.error(f"{node.text} does not fit into {'int' if parameter is ANY else parameter.name}")
        return value

    def _checked(self, value: object, parameter: Parameter) -> object:
        if value is None:
            if parameter.takes_nil:
                return parameter.nil()
            raise self.error(f"invalid value; expected {parameter.name}")
        if not parameter.accepts(value):
            raise self.error(f"wrong type for value; expected {parameter.name}; got {type_name(value)}")
        return value
