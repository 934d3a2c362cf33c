"""Checks find what is valid in the files of users, and yet cannot be meant: at `check`, start and reload."""
