"""What the design promises of the code: one door, and a house of wings."""

import ast
import importlib
import inspect
import sys
from pathlib import Path

import pytest

import keras_charrnn
from keras_charrnn import _backend

DOCS = Path(__file__).parent.parent / "docs"
sys.path.append(str(DOCS))

import house  # noqa: E402

ROOT = Path(keras_charrnn.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
BACKENDS = {"jax", "tensorflow", "torch", "flax", "optax"}

HOUSE = house.wings()
ABOVE_ALL = {"__init__", "__main__"}


def wing(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path):
    """What a module imports: a module's name and what of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)


def entered(path):
    """The other wings that a module imports, and what of them."""
    for module, name in imports(path):
        parts = module.split(".") if module.startswith("keras_charrnn") else []
        if parts == ["keras_charrnn"]:
            parts, name = ["keras_charrnn", name], None
        if len(parts) > 1 and parts[1] != wing(path):
            yield parts[1:], name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_door_imports_a_backend(path):
    tops = {name.split(".")[0] for name, _ in imports(path)}
    tell = ("cli", "train")  # they tell the user, and do nothing with it
    if path.parent.name != "_backend":
        assert not tops & BACKENDS
        assert "backend.backend()" not in path.read_text() or path.stem in tell
    else:
        allowed = set() if path.stem == "__init__" else {path.stem}
        assert tops & BACKENDS <= allowed


@pytest.mark.parametrize("name", HOUSE)
def test_a_wing_imports_what_the_page_says(name):
    files = [path for path in FILES if wing(path) == name]
    assert files
    assert {parts[0] for path in files for parts, _ in entered(path)} == HOUSE[name][1]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_wing_is_entered_by_what_it_hands_on(path):
    for parts, name in entered(path):
        assert len(parts) == 1, f"{'.'.join(parts)} is the inside of a wing"
        other = importlib.import_module(f"keras_charrnn.{parts[0]}")
        handed_on = getattr(other, "__all__", dir(other))
        assert name is None or name in handed_on, f"{parts[0]} keeps {name} to itself"


def test_wings_stand_on_each_other():
    assert {wing(path) for path in FILES} - ABOVE_ALL == set(HOUSE)
    house.floors(HOUSE)  # each row of the table imports rows above it
    for name in HOUSE:
        assert importlib.import_module(f"keras_charrnn.{name}").__doc__


def test_the_picture_is_that_of_the_table():
    assert (DOCS / "house.svg").read_text(encoding="utf-8") == house.svg()


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
    assert {name for name, _ in twins[0]} == {*_backend.__all__} - {"backend_name"}


def test_public_names_exist_and_are_described():
    for name in keras_charrnn.__all__:
        assert inspect.getdoc(getattr(keras_charrnn, name)), name


def test_files_stay_readable():
    long = {p.name: n for p in FILES if (n := len(p.read_text().splitlines())) > 400}
    assert not long
