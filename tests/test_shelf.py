"""Shelves: parts found by file name, listed without being imported, literals read without being run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minas import shelf
from minas.engines import ENGINES
from minas.errors import UsageError
from minas.measures import MEASURES, Measure
from minas.shelf import Shelf, folder_of, literal, module_names


@pytest.mark.parametrize("package", ["minas.measures", "minas.operators", "minas.baselines", "minas.engines"])
def test_names_are_the_public_files(package: str) -> None:
    files = {path.stem for path in folder_of(package).iterdir() if path.suffix == ".py"}
    assert module_names(package) == sorted(name for name in files if not name.startswith("_"))
    assert module_names(package)


def test_listing_imports_nothing() -> None:
    code = (
        "import sys; from minas.shelf import module_names, literal; "
        "module_names('minas.operators'); literal('minas.operators', 'conv', 'SIGNATURES'); "
        "print(sorted(name for name in sys.modules if name.startswith('minas')), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['minas', 'minas.errors', 'minas.shelf'] False"


def test_every_part_is_of_its_kind() -> None:
    for name, part in MEASURES.all().items():
        assert isinstance(part, Measure)
        assert part.name == name
    assert list(ENGINES.all()) == ENGINES.names()


def test_a_part_by_a_name_with_hyphens() -> None:
    assert MEASURES.get("zero-fraction") is MEASURES.get("zero_fraction")


@pytest.mark.parametrize("name", ["acton", "_trained", "", "../errors", "action.py"])
def test_an_unknown_part_is_named_with_the_nearest(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        MEASURES.get(name)
    text = str(caught.value)
    assert text.startswith(f"no measure named '{name}'; ")
    assert "did you mean" in text or "there are: action, activation_energy" in text


def test_a_module_without_its_constant_is_the_developer_s_mistake() -> None:
    with pytest.raises(TypeError, match=r"minas\.measures\.action\.ENGINE must be a Measure"):
        Shelf("minas.measures", "ENGINE", Measure, "measure").get("action")


def test_literals_are_read_and_nothing_else() -> None:
    assert "conv3x3" in literal("minas.operators", "conv", "SIGNATURES")
    with pytest.raises(TypeError, match=r"minas\.operators\.conv has no literal NOTHING"):
        literal("minas.operators", "conv", "NOTHING")
    with pytest.raises(ValueError, match="malformed"):
        literal("minas", "shelf", "Part")
    assert shelf.literal("minas.evolution", "clock", "CONFIRMATION_SHARE") == 0.4
