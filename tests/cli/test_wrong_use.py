"""What a user sees of a mistake: no traceback, what was given, what to do; exit code 2."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from minas import resources
from minas.run.folder import lock


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["search"], "which domain? For example: minas search vision"),
        (["search", "visoin", "--trials", "1"], "no domain named 'visoin'; did you mean 'vision'?"),
        (["search", "vision", "--trails", "1"], "--trials"),
        (["search", "vision", "--trials", "0"], "trials must be at least 1, not 0"),
        (["search", "vision", "--trials", "many"], "Invalid value for '--trials'"),
        (["search", "vision", "--workers", "0"], "workers must be at least 1, not 0"),
        (["search", "vision", "--confirmation-seeds", "0"], "confirmation-seeds must be at least 1, not 0"),
        (["search", "vision", "--lambda", "-1"], "lambda must be at least 0, not -1"),
        (["search", "vision", "--lambda", "nan"], "lambda must be at least 0, not nan"),
        (["search", "vision", "--time", "5x"], "'5x' is not a span of time: write 90s, 5m"),
        (["search", "vision", "--max-params", "-5"], "'-5' is no quantity; write a number such as .03"),
        (["search", "vision", "--max-flops", "3Q"], "'3Q' is no quantity; write a number such as .03"),
        (["search", "vision", "--data", "/no/such/place"], "/no/such/place: no such file or folder; expected image data"),
        (["search", "vision", "--objectives", "papr"], "did you mean 'paper'?"),
        (["search", "vision", "--space", "visio"], "did you mean 'vision'?"),
        (["search", "vision", "--engine", "locl", "--trials", "1"], "did you mean 'local'?"),
        (["front", "/no/such/run"], "no run folder at /no/such/run"),
        (["nonsense"], "nonsense"),
        (["front"], "run"),
    ],
)
def test_mistakes_are_named(cli, tmp_path, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    found = cli(*arguments)
    assert found.code == 2
    assert text in found.err
    assert "Traceback" not in found.err
    assert not list(tmp_path.rglob("*")), "a request that can't be met leaves nothing behind"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (('name = "vision"', 'nme = "vision"'), "unknown key 'nme' in space; did you mean 'name'?"),
        (("[training]\n", "[trainig]\n"), "unknown key 'trainig'; did you mean 'training'?"),
        (('functional = "action"', 'functional = "acton"'), "no functional named 'acton'; did you mean 'action'?"),
        (("shift = 1", "shfit = 1"), "no augmentation of images named 'shfit'; did you mean 'shift'?"),
        (("grid = [1, ", "gird = [1, "), "unknown key 'gird' in head; did you mean 'grid'?"),
        (("grid = [1, ", "grid = [0, "), "head.grid: 0; expected a whole number in 1 to 32"),
        (('entry = ["conv3x3"', 'entry = ["conv3x4"'), "no operator named 'conv3x4'; did you mean 'conv3x3'?"),
        (("batch_size = 128", "batch_size = 0"), "training.batch_size must be an integer, at least 2, not 0"),
    ],
)
def test_a_mistake_in_a_search_space_is_named_with_file_and_line(cli, tmp_path, monkeypatch, change, text):
    monkeypatch.chdir(tmp_path)
    content = resources.find("search_spaces", "vision").read_text()
    assert change[0] in content
    (tmp_path / "mine.toml").write_text(content.replace(*change, 1))
    found = cli("search", "vision", "--space", "mine.toml", "--trials", "1")
    assert found.code == 2
    assert text in found.err
    line = content[: content.index(change[0].strip())].count("\n") + 1
    if change[0].startswith("shift"):  # the options are the domain's: the line is that of their table
        line = content[: content.index("[training.augmentation]")].count("\n") + 1
    assert f"mine.toml, line {line}: " in found.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('name = "mine"\n[[objectives]]\nmesure = "error"\n', "line 3: unknown key 'mesure'"),
        ('name = "mine"\n[[objectives]]\nmeasure = "eror"\n', "no measure named 'eror'; did you mean 'error'?"),
        ('name = "mine"\n[[objectives]]\nmeasure = "error"\nscale = "logg"\n', "line 4"),
        ("name = \n", "mine.toml, line 1"),
        ('name = "mine"\n', "mine.toml"),
    ],
)
def test_a_mistake_in_an_objective_set_is_named(cli, tmp_path, monkeypatch, content, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(content)
    found = cli("search", "vision", "--objectives", "mine.toml", "--trials", "1")
    assert found.code == 2
    assert text in found.err
    assert "mine.toml" in found.err


def test_a_space_of_another_domain_is_refused(cli, tmp_path):
    content = resources.find("search_spaces", "vision").read_text().replace('domain = "vision"', 'domain = "text"')
    (tmp_path / "mine.toml").write_text(content)
    found = cli("search", "vision", "--space", tmp_path / "mine.toml", "--trials", "1")
    assert found.code == 2
    assert "is of the domain 'text', not 'vision'" in found.err


def test_an_existing_run_or_folder_is_never_written_over(cli, finished_run, tmp_path):
    found = cli("search", "vision", "--trials", "1", "--out", finished_run.path)
    assert found.code == 2
    assert f"already holds a run: go on with it by --resume {finished_run.path}" in found.err
    (tmp_path / "letter.txt").write_text("dear")
    found = cli("search", "vision", "--trials", "1", "--out", tmp_path)
    assert found.code == 2
    assert "is not an empty folder: give another --out" in found.err
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_resume_refuses_what_it_would_ignore(cli, finished_run):
    for more, named in ((["--seed", "3"], "--seed"), (["vision"], "a domain"), (["--lambda", "1e-4"], "--lambda")):
        found = cli("search", *more, "--resume", finished_run.path)
        assert found.code == 2
        assert f"so {named} can't be given with it" in found.err


def test_resume_of_a_folder_that_is_no_run(cli, tmp_path):
    found = cli("search", "--resume", tmp_path)
    assert found.code == 2
    assert f"{tmp_path} is not a run folder: it has no run.toml" in found.err


def test_resume_of_a_run_that_another_process_works_on(cli, unfinished_run):
    with lock(unfinished_run):
        found = cli("search", "--resume", unfinished_run)
    assert found.code == 2
    assert f"another process is working on {unfinished_run}" in found.err


def test_resume_of_a_finished_run_says_so_and_shows_it(cli, finished_run):
    folder = finished_run.path
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    for more in ([], ["--workers", "2"], ["--time", "10m"]):
        found = cli("search", "--resume", folder, *more)
        assert found.code == 0
        assert "is finished already: there is nothing left to do" in found.err
        assert finished_run.front.knee().id in found.out
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert after == before


def test_resume_writes_what_was_left_of_a_run(cli, unfinished_run, finished_run):
    (unfinished_run / "front.json").unlink()
    assert cli("search", "--resume", unfinished_run).code == 0
    written = (unfinished_run / "front.json").read_text()
    assert written == (finished_run.path / "front.json").read_text().replace('"run": "digits"', '"run": "unfinished"')


@pytest.fixture
def copied(finished_run, tmp_path):
    return shutil.copytree(finished_run.path, tmp_path / "copy")


def of_another_torch(folder):
    toml = (folder / "run.toml").read_text()
    at = toml.index("[versions]")
    (folder / "run.toml").write_text(toml[:at] + toml[at:].replace('torch = "', 'torch = "1.', 1))
    return folder


def test_a_run_of_a_newer_minas_is_refused(cli, copied):
    with sqlite3.connect(copied / "run.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    for command in (["front", copied], ["search", "--resume", copied]):
        found = cli(*command)
        assert found.code == 2
        assert "was written by a newer MINAS (store schema 99" in found.err
    toml = (copied / "run.toml").read_text()
    (copied / "run.toml").write_text(toml.replace("schema = 1", "schema = 99", 1))
    found = cli("front", copied)
    assert found.code == 2
    assert "was written by a newer MINAS (schema 99): update MINAS" in found.err


def test_a_damaged_run_is_named(cli, copied):
    (copied / "run.db").write_bytes(b"not a database, by a long way" * 100)
    for side in ("run.db-wal", "run.db-shm"):
        (copied / side).unlink(missing_ok=True)
    found = cli("front", copied)
    assert found.code == 2
    assert "is not a store of MINAS, or it is damaged" in found.err
    (copied / "run.toml").write_text("domain = ")
    found = cli("front", copied)
    assert found.code == 2
    assert "run.toml, line 1: not valid TOML" in found.err


def test_a_run_made_with_another_torch_is_not_gone_on_with_and_a_finished_one_is_shown(cli, copied, unfinished_run):
    of_another_torch(unfinished_run)
    found = cli("search", "--resume", unfinished_run)
    assert found.code == 2
    assert "was made with torch 1." in found.err
    assert "install that version to go on with it" in found.err
    assert cli("front", unfinished_run).code == 0, "reading is another matter"
    found = cli("search", "--resume", of_another_torch(copied))
    assert found.code == 0
    assert "is finished already" in found.err


def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch):
    from minas.cli import main
    from minas.errors import UsageError

    for arguments in (["--debug", "front", "/no/run"], ["front", "/no/run", "--debug"]):
        monkeypatch.setattr("sys.argv", ["minas", *arguments])
        with pytest.raises(UsageError, match="no run folder"):
            main()


def test_json_and_csv_exclude_each_other(cli, finished_run):
    for command in ("front", "trials"):
        found = cli(command, finished_run.path, "--json", "--csv")
        assert found.code == 2
        assert "--json or --csv, not both" in found.err


def test_what_should_not_happen_is_said_in_a_line(cli, monkeypatch, finished_run):
    import minas.api.run

    def broken(path):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(minas.api.run, "open_run", broken)
    found = cli("front", finished_run.path)
    assert found.code == 1
    assert "this should not happen: ZeroDivisionError: a bug" in found.err
    assert "--debug" in found.err


def test_ctrl_c_is_one_line_and_exit_code_1(cli, monkeypatch, finished_run):
    import minas.api.run

    def pressed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(minas.api.run, "open_run", pressed)
    found = cli("front", finished_run.path)
    assert (found.code, found.err) == (1, "error: stopped\n")
