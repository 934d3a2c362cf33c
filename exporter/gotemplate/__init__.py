"""Gotemplate interprets Go's template language (text/template, html/template).

`parse` makes a `Template`, `Template.expand` the text; a `TemplateSet` holds templates that call each other.
The Python values that a template sees are described in `exporter.gotemplate.values`.
"""

from exporter.gotemplate.limits import Limits
from exporter.gotemplate.template import Template, TemplateSet, parse
from exporter.gotemplate.values import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    STRING,
    STRINGS,
    Function,
    FunctionError,
    Html,
    Parameter,
    StringList,
    StringMap,
    Structure,
    TypedList,
    Url,
)

__all__ = [
    "ANY",
    "BOOL",
    "FLOAT",
    "INT",
    "STRING",
    "STRINGS",
    "Function",
    "FunctionError",
    "Html",
    "Limits",
    "Parameter",
    "StringList",
    "StringMap",
    "Structure",
    "Template",
    "TemplateSet",
    "TypedList",
    "Url",
    "parse",
]
