"""What the design promises of the code: one door, and floors."""

import ast
import inspect
from pathlib import Path

import keras
import pytest

import keras_charrnn
from keras_charrnn import _backend

ROOT = Path(keras_charrnn.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
BACKENDS = {"jax", "tensorflow", "torch", "flax", "optax"}

# A module imports from lower floors alone, and from its own within a room.
FLOORS = [
    {"_checks", "_choice", "_files", "_memory", "_names", "_tensorboard", "recipes"},
    {"text", "_backend"},
    {"cells", "samplers", "batches", "metrics"},
    {"recurrent", "stream", "checkpoint", "inputs", "rules", "stops", "plan"},
    {"generation", "evaluation", "settings"},
    {"callbacks", "search", "extension"},
    {"trainer", "session"},
    {"writing"},
    {"model"},
    {"conversion"},
    {"commands"},
    {"cli", "__init__"},
    {"__main__"},
]


def room(module):
    return module.split(".")[1] if "." in module else "__init__"


def floor(name):
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module == "keras_charrnn":
                yield from (f"keras_charrnn.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_door_imports_a_backend(path):
    tops = {name.split(".")[0] for name in imported(path)}
    tell = ("cli", "commands")  # they tell the user, and do nothing with it
    if path.parent.name != "_backend":
        assert not tops & BACKENDS
        assert "backend.backend()" not in path.read_text() or path.stem in tell
    else:
        allowed = set() if path.stem == "__init__" else {path.stem}
        assert tops & BACKENDS <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_from_lower_floors(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    mine = parts[0]
    for name in imported(path):
        if name.startswith("keras_charrnn"):
            other = room(name)
            assert other == mine or floor(other) < floor(mine), f"{mine} -> {other}"


def test_the_twins_have_the_same_names_in_the_same_order():
    twins = []
    for name in ("jax", "tensorflow", "torch"):
        tree = ast.parse((ROOT / "_backend" / f"{name}.py").read_text())
        defined = []
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                defined.append((node.name, ast.unparse(node.args)))
            elif isinstance(node, ast.ClassDef):
                defined.append((node.name, ""))
            elif isinstance(node, ast.Assign):
                name = ast.unparse(node.targets[0])
                defined += [] if name.startswith("_") else [(name, "")]
        twins.append(defined)
    assert twins[0] == twins[1] == twins[2]
    assert {name for name, _ in twins[0]} == set(_backend.__all__)


def test_the_door_is_that_of_the_backend():
    door = inspect.getmodule(_backend.TrainStep).__name__
    assert door == f"keras_charrnn._backend.{keras.backend.backend()}"


def test_public_names_exist_and_are_described():
    for name in keras_charrnn.__all__:
        assert inspect.getdoc(getattr(keras_charrnn, name)), name


def test_files_stay_readable():
    long = {p.name: n for p in FILES if (n := len(p.read_text().splitlines())) > 400}
    assert not long
