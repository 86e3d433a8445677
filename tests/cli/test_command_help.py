from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

from minas.cli import _main
from minas.shelf import module_names

COMMANDS = module_names("minas.cli")


def test_every_file_of_the_room_is_a_command():
    assert [command.name for command in _main.app.registered_commands] != []
    assert sorted(command.name for command in _main.app.registered_commands) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_and_explains_every_option(cli, name):
    found = cli(name, "--help")
    assert found.code == 0
    assert re.search(rf"^ +minas {name} \S", found.out, re.MULTILINE), "no example"
    options = found.out.split("Options:")[1]
    for option in re.findall(r"^  (?:-\w, )?(--[\w-]+)", options, re.MULTILINE):
        described = re.search(rf"{option}\b[^\n]*\s{{2,}}\w|{option}\b[^\n]*\n\s{{10,}}\w", options)
        assert described, f"{option} is not explained"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_an_example_exists(name):
    text = importlib.import_module(f"minas.cli.{name}").HELP + _main.HELP
    for command, options in re.findall(r"^    minas (\w+)(.*)$", text, re.MULTILINE):
        assert command in COMMANDS
        known = {opt for c in _main.app.registered_commands if c.name == command for opt in _options(c.callback)}
        assert set(re.findall(r"--[\w-]+", options)) <= known


def _options(callback) -> set[str]:
    import typing

    found = set()
    for name, hint in typing.get_type_hints(callback, include_extras=True).items():
        for extra in getattr(hint, "__metadata__", ()):
            found |= set(getattr(extra, "param_decls", None) or ()) or {f"--{name.rstrip('_').replace('_', '-')}"}
    return found


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys\nfrom minas.cli import main\nsys.argv = ['minas', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as left:\n    code = left.code\n"
        "heavy = {'torch', 'numpy', 'pymoo', 'matplotlib', 'networkx', 'scipy'} & set(sys.modules)\n"
        "print('heavy:', heavy or 'none', 'code:', code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: none code: 0"


def test_without_a_command_the_help_is_shown_as_wrong_use(cli):
    found = cli()
    assert found.code == 2
    assert "minas search vision" in found.out + found.err


def test_version(cli):
    assert re.fullmatch(r"minas \d+\.\d+\.\d+\S*\n", cli("--version").out)
