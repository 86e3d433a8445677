from __future__ import annotations

import re
from pathlib import Path

from minas import shelf

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    for command in shelf.module_names("minas.cli"):
        assert re.search(rf"minas {command}\b", README), f"README.md does not mention minas {command}"


def test_every_picture_and_folder_that_it_names_is_there() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r"`(results/reference[^`]*)`", README)
    assert any(name.endswith(".png") for name in named)
    for name in named:
        assert (ROOT / name).exists(), f"README.md names {name}, which is not there"


def test_it_speaks_of_the_two_commands() -> None:
    assert "pip install -c constraints.txt -e . && minas search vision" in README
    assert "pip install -c constraints.txt -e '.[test]' && pytest" in README
