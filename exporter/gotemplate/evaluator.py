"""The evaluator expands a parsed template.

Source of the rules: text/template/exec.go of Go 1.24, with the option `missingkey=zero`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from typing import Protocol

from exporter.gotemplate.budget import ExpansionBudget
from exporter.gotemplate.nodes import (
    Action,
    Block,
    Break,
    Call,
    Choice,
    Continue,
    Identifier,
    Node,
    Pipeline,
    Range,
    Text,
)
from exporter.gotemplate.parser import Definition
from exporter.gotemplate.pipelines import PipelineEvaluator
from exporter.gotemplate.values import Function, is_true, type_name


class Output(Protocol):
    """A writer of the result that knows how to write a value in the context it has reached."""

    def write_text(self, text: str) -> None:
        """Write text of the template itself."""
        ...

    def write_value(self, value: object, last_function: str) -> None:
        """Write the value of an action, given the function that made it, if one did."""
        ...

    def finish(self) -> None:
        """Finish the output; raises `ValueError` where it may not end."""
        ...


class _Jump(Enum):
    """The reason for which a block was left before its end."""

    BREAK = auto()
    CONTINUE = auto()


class Evaluator(PipelineEvaluator):
    """One expansion of one template."""

    def __init__(
        self,
        main: Definition,
        definitions: Mapping[str, Definition],
        functions: Mapping[str, Function],
        builtins: Mapping[str, Function],
        output: Output,
        budget: ExpansionBudget,
    ) -> None:
        super().__init__(main, functions, builtins, budget)
        self._definitions = definitions
        self._output = output

    def run(self, data: object, variables: Mapping[str, object]) -> None:
        """Write the expansion to the output.

        Raises `TemplateError`.
        """
        self.variables = [("$", data), *variables.items()]
        try:
            self._walk(self.definition.block, data)
        except RecursionError as error:
            raise self.error("nested too deeply") from error
        self.spend(self._output.finish)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """Forget the variables declared within, and count one level of depth."""
        mark = len(self.variables)
        self.spend(self.budget.enter)
        yield
        self.budget.leave()
        del self.variables[mark:]

    def _walk(self, block: Block, dot: object) -> _Jump | None:
        for node in block:
            if (jump := self._walk_node(node, dot)) is not None:
                return jump
        return None

    def _walk_node(self, node: Node, dot: object) -> _Jump | None:
        self.offset = node.offset
        self.spend(self.budget.step)
        match node:
            case Text():
                self.spend(lambda: self._output.write_text(node.value))
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
        value = self.pipeline(node.pipeline, dot)
        if node.pipeline.variables:
            return
        self.offset = node.offset
        if isinstance(value, Function):
            raise self.error("can't print a function")
        last = node.pipeline.commands[-1].operands[0]
        name = last.name if isinstance(last, Identifier) else ""
        self.spend(lambda: self._output.write_value(value, name))

    def _walk_choice(self, node: Choice, dot: object) -> _Jump | None:
        with self._scope():
            for branch in node.branches:
                value = self.pipeline(branch.pipeline, dot)
                if is_true(value):
                    return self._walk(branch.body, value if branch.sets_dot else dot)
            return self._walk(node.otherwise, dot)

    def _walk_range(self, node: Range, dot: object) -> _Jump | None:
        with self._scope():
            value = self.pipeline(node.pipeline, dot)
            mark = len(self.variables)
            empty = True
            for key, item in self._items(value):
                empty = False
                self.spend(self.budget.step)
                self._set_loop_variables(node.pipeline, mark, key, item)
                jump = self._walk(node.body, item)
                del self.variables[mark:]
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
        raise self.error(f"range can't iterate over {type_name(value)}")

    def _set_loop_variables(self, pipeline: Pipeline, mark: int, key: object, item: object) -> None:
        names = pipeline.variables
        values = (key, item) if len(names) == 2 else (item,)
        for index, (name, value) in enumerate(zip(names, values, strict=False)):
            if pipeline.assigns:
                self.assign(name, value)
            else:
                self.variables[mark - len(names) + index] = (name, value)

    def _walk_call(self, node: Call, dot: object) -> None:
        definition = self._definitions.get(node.name)
        if definition is None:
            raise self.error(f'template "{node.name}" not defined')
        value = None if node.pipeline is None else self.pipeline(node.pipeline, dot)
        outer, variables = self.definition, self.variables
        self.variables = [("$", value)]
        with self._scope():
            self.definition = definition
            self._walk(definition.block, value)
        self.definition, self.variables = outer, variables
