"""Engines bring their options to the command line."""

from __future__ import annotations

import pytest
from shelves import added

from minas.cli import _engine_options
from minas.engines import checked_options
from minas.errors import UsageError

SOURCE = """
from minas.engines import EngineKind, EngineOption
from minas.engines.local import LocalEngine

OPTIONS = {"port": EngineOption(help="the port", metavar="PORT"), "setup": EngineOption(help="a file", file=True)}
ENGINE = EngineKind(description="for a test", start=LocalEngine, options=OPTIONS)
"""


@pytest.fixture
def toy(tmp_path):
    folder = tmp_path / "engines"
    folder.mkdir()
    with added("minas.engines", {"toy": SOURCE}, folder):
        yield


def test_a_command_takes_the_options_of_engines_beside_its_own(toy):
    import typer
    from typer.testing import CliRunner

    heard = {}

    def command(name: str = "x", **engine_options: str | None) -> None:
        heard.update(engine_options, name=name)

    app = typer.Typer()
    app.command()(_engine_options.takes_engine_options(command))
    result = CliRunner().invoke(app, ["--toy-port", "8", "--name", "y"])
    assert result.exit_code == 0, result.output
    assert heard["toy_port"] == "8"
    assert heard["toy_setup"] is None
    assert heard["name"] == "y"
    assert "The port." in CliRunner().invoke(app, ["--help"]).output
    assert CliRunner().invoke(app, ["--toy-prt", "8"]).exit_code == 2


def test_what_is_said_of_another_engine_is_refused(toy):
    assert _engine_options.of_engine("toy", {"toy_port": "8", "toy_setup": None}) == {"port": "8"}
    assert _engine_options.of_engine("local", {"toy_port": None}) == {}
    with pytest.raises(UsageError, match="--toy-port goes with the engine 'toy', not 'local': add --engine toy"):
        _engine_options.of_engine("local", {"toy_port": "8"})


def test_options_are_checked_and_files_named_by_their_absolute_path(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.yml").write_text("a: 1")
    found = checked_options("toy", {"port": "8", "setup": "setup.yml"})
    assert found == {"port": "8", "setup": str((tmp_path / "setup.yml").resolve())}
    with pytest.raises(UsageError, match="the engine 'toy' has no option 'prt'; did you mean 'port'"):
        checked_options("toy", {"prt": "8"})
    with pytest.raises(UsageError, match="no-such: no such file; expected a file"):
        checked_options("toy", {"setup": "no-such"})
    with pytest.raises(UsageError, match="no engine named 'toi'"):
        checked_options("toi", {})
