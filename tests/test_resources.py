"""Shipped TOMLs and the user's own: a name or a path, wherever one is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from minas import resources
from minas.errors import UsageError


def test_shipped_files_are_found_by_name() -> None:
    for kind in ("search_spaces", "objectives", "studies"):
        assert resources.names(kind)
        for name in resources.names(kind):
            assert resources.find(kind, name) == resources.folder(kind) / f"{name}.toml"


def test_inside_a_wheel_the_package_s_own_files_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "minas"
    (package / "_resources" / "objectives").mkdir(parents=True)
    (tmp_path / "search_spaces").mkdir()
    monkeypatch.setattr(resources, "__file__", str(package / "resources.py"))
    assert resources.folder("objectives") == package / "_resources" / "objectives"
    assert resources.folder("search_spaces") == tmp_path / "search_spaces"


def test_a_path_is_taken_wherever_a_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.touch()
    assert resources.find("objectives", str(path)) == path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resources.find("objectives", "~/mine.toml") == path
    monkeypatch.chdir(tmp_path)
    assert resources.find("search_spaces", "mine.toml") == Path("mine.toml")


@pytest.mark.parametrize("name", ["papre", "~nobody-of-this-name/x.toml", "x" * 5000, "a\0b", "", "."])
def test_what_is_not_there_is_named_with_the_nearest(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        resources.find("objectives", name)
    assert f"no objective set named '{name}', and no such file" in str(caught.value)
    assert "paper" in str(caught.value)
    with pytest.raises(UsageError, match="no search space named"):
        resources.find("search_spaces", name)
