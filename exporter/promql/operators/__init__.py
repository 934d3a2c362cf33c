"""Operators are the parts of an executable plan, by kind of node."""
