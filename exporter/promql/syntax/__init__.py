"""The syntax package parses text to a checked syntax tree, and prints trees as text."""
