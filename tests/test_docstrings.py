"""Every example in a docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

import keras_charrnn

MODULES = [
    module.name
    for module in pkgutil.walk_packages(keras_charrnn.__path__, "keras_charrnn.")
    if "_backend" not in module.name
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [
        test
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert len(found) >= 8
