"""Every benchmark can be started without arguments, on each Python that is there."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "main(" in path.read_text())
# Stops where the arguments have been read, before anything is measured.
_READ_ARGUMENTS = """
import argparse, importlib, sys

class Read(Exception):
    pass

parse = argparse.ArgumentParser.parse_args

def parse_and_stop(self, *arguments, **options):
    parse(self, *arguments, **options)
    raise Read

argparse.ArgumentParser.parse_args = parse_and_stop
sys.path.insert(0, "")
for name in sys.argv[1:]:
    module = importlib.import_module("benchmarks." + name)
    sys.argv = [name]
    try:
        module.main()
    except Read:
        continue
    raise SystemExit(name + " reads no arguments")
"""
# Other Pythons have nothing but their standard library: all else is made up.
_STAND_INS = """
import importlib.abc, importlib.machinery, sys
from unittest.mock import MagicMock

class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top == "benchmarks" or top in sys.stdlib_module_names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return MagicMock(name=spec.name, __spec__=spec, __path__=[])

    def exec_module(self, module):
        pass

sys.meta_path.insert(0, StandIns())
"""


def _start(program: str, code: str) -> None:
    command = [program, "-c", code, *MODULES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_their_arguments_are_read() -> None:
    assert "keyspace" in MODULES
    _start(sys.executable, _READ_ARGUMENTS)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_other_pythons_read_them_too(version: str) -> None:
    found = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python"))
    if not found:
        pytest.skip(f"there is no Python {version}")
    _start(str(found[-1]), _STAND_INS + _READ_ARGUMENTS)
