"""Declarations of the fields of INFO, one module per section; `catalogue` has all of them."""
