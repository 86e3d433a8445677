"""`front`, `trials`, `pick`, `plot` and `export` on a finished run: the interfaces that others build on."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import subprocess
import sys

import pytest

from minas.analysis.quantities import show

MEMBER_KEYS = ["id", "architecture", "measures", "test", "on_front", "labels"]


def numbers_only(values) -> bool:
    return all(value is None or (type(value) in (int, float) and math.isfinite(value)) for value in values)


def parsed(text: str):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def front(cli, finished_run):
    return parsed(cli("front", finished_run.path, "--json").out)


def test_front_json_has_the_promised_keys(front, finished_run):
    assert list(front) == [
        "schema", "run", "domain", "task", "seed", "trials", "hypervolume", "units", "objectives", "members", "baselines",
        "control", "lines", "average",
    ]  # fmt: skip
    assert (front["schema"], front["run"], front["domain"]) == (1, "digits", "vision")
    assert front["task"] == finished_run.configuration.task.name
    assert (front["seed"], front["trials"], front["objectives"]) == (0, 6, ["error", "action", "flops"])
    assert 0 <= front["hypervolume"] <= 1
    for row in [*front["members"], *front["control"]]:
        assert list(row) == MEMBER_KEYS
    for row in front["baselines"]:
        assert sorted(row) == sorted(["name", *MEMBER_KEYS])
    assert front["members"]
    assert len(front["control"]) == 6
    assert [row["name"] for row in front["baselines"]] == ["chain w8 no inner", "chain w8", "chain w16"]


def test_front_json_has_numbers_and_nulls_where_numbers_belong(front):
    for row in [*front["members"], *front["baselines"], *front["control"]]:
        assert numbers_only(row["measures"].values())
        assert set(row["measures"]) == set(front["units"])
        assert numbers_only([row["on_front"]])
        for interval in (row["test"] or {}).values():
            assert list(interval) == ["mean", "low", "high", "seeds"]
            assert numbers_only(interval.values())
        assert set(row["labels"]) <= {"knee", "accurate", "frugal"}


def test_members_are_a_front_and_the_confirmed_ones_say_what_seeds_say(front):
    points = [[row["measures"][name] for name in front["objectives"]] for row in front["members"]]
    for one in points:
        assert not any(all(a <= b for a, b in zip(other, one, strict=True)) and other != one for other in points)
    assert sorted(label for row in front["members"] for label in row["labels"]) == ["accurate", "frugal", "knee"]
    confirmed = [row for row in front["members"] if row["test"] is not None]
    assert 1 <= len(confirmed) <= 2
    assert all(row["test"]["error"]["seeds"] == 2 and 0 <= row["on_front"] <= 1 for row in confirmed)
    assert all(row["on_front"] is None for row in front["members"] if row["test"] is None)
    assert any("knee" in row["labels"] for row in confirmed)


def test_front_json_is_what_the_folder_holds(front, finished_run):
    assert parsed((finished_run.path / "front.json").read_text()) == front


def test_front_csv_has_a_row_a_member_and_the_same_names_and_numbers(cli, front, finished_run):
    found = cli("front", finished_run.path, "--csv")
    assert found.out == (finished_run.path / "front.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert [row["id"] for row in rows] == [member["id"] for member in front["members"]]
    for row, member in zip(rows, front["members"], strict=True):
        for name, value in member["measures"].items():
            assert row[f"measures.{name}"] == ("" if value is None else str(value))
        for name, interval in (member["test"] or {}).items():
            if name not in ("activations", "flops", "params"):
                assert float(row[f"test.{name}.mean"]) == interval["mean"]
        assert json.loads(row["architecture"]) == member["architecture"]


def test_front_csv_has_no_intervals_of_what_cannot_vary_over_seeds(cli, front, finished_run):
    rows = csv.reader(io.StringIO(cli("front", finished_run.path, "--csv").out))
    tested = {name.split(".")[1] for name in next(rows) if name.startswith("test.")}
    assert {"error", "action"} <= tested
    assert not tested & {"activations", "flops", "params"}
    confirmed = next(member for member in front["members"] if member["test"])
    assert {"activations", "flops", "params"} <= set(confirmed["test"]), "the JSON form stays as it was"


def test_the_limit_was_kept(front, cli, finished_run):
    rows = parsed(cli("trials", finished_run.path, "--json").out)
    assert all(row["measures"]["flops"] <= 150_000 for row in [*rows, *front["control"]])
    assert any(row["measures"]["flops"] > 150_000 for row in front["baselines"]), "limits are none of a baseline's business"


def test_trials_json_and_csv_list_every_trial_in_the_order_asked_for(cli, finished_run):
    rows = parsed(cli("trials", finished_run.path, "--json").out)
    assert [row["number"] for row in rows] == list(range(6))
    for row in rows:
        assert list(row)[:7] == ["number", "id", "status", "reason", "architecture", "measures", "seconds"]
        assert numbers_only([*row["measures"].values(), row["seconds"]])
        assert (row["status"], row["reason"]) == ("complete", None)
    lines = list(csv.DictReader(io.StringIO(cli("trials", finished_run.path, "--csv").out)))
    assert [(line["number"], line["id"]) for line in lines] == [(str(row["number"]), row["id"]) for row in rows]
    assert [float(line["measures.error"]) for line in lines] == [row["measures"]["error"] for row in rows]
    assert [json.loads(line["architecture"]) for line in lines] == [row["architecture"] for row in rows]


def test_the_front_as_a_table_cuts_no_number(cli, front, finished_run):
    text = cli("front", finished_run.path).out
    assert "…" not in text
    for member in front["members"]:
        line = next(line for line in text.splitlines() if line.startswith(member["id"]))
        assert f"{100 * member['measures']['error']:.2f}%" in line
        assert all(label in line for label in member["labels"])
    for name in ("chain w8 no inner", "chain w16", "average of 6 random", "activations"):
        assert name in text


def test_trials_as_a_table(cli, finished_run):
    text = cli("trials", finished_run.path).out
    assert "…" not in text
    assert len(text.strip().splitlines()) == 7


def test_pick_says_which_why_what_was_left_out_and_how_sure(cli, front, finished_run):
    knee = next(member for member in front["members"] if "knee" in member["labels"])
    judged = finished_run.front.judged[finished_run.front.knee().key]
    limits = ["--max-error", repr(judged["error"]), "--max-action", repr(judged["action"])]
    found = cli("pick", finished_run.path, *limits)
    assert found.code == 0
    assert found.out.startswith(knee["id"])
    for words in (
        "within the limits",
        "on validation figures: the means of its confirmation.",
        "How sure:",
        f"On the test samples: error {show(knee['test']['error']['mean'])} (95% interval ",
        f"minas export {finished_run.path} {knee['id']} DIR",
    ):
        assert words in found.out
    value = parsed(cli("pick", finished_run.path, *limits, "--json").out)
    assert value["chosen"] == knee
    assert value["confirmed"] is True
    assert value["figures"] == judged
    assert value["limits"] == {"error": judged["error"], "action": judged["action"]}
    assert value["seeds"] == 2
    assert 0 <= value["sure"] <= 1
    outside = {left["id"]: left["confirmed"] for left in value["left_out"]}
    rest = {member["id"]: member["test"] is not None for member in front["members"] if member["id"] != knee["id"]}
    assert outside.items() <= rest.items()


def test_pick_that_finds_nothing_fails_and_says_what_was_nearest(cli, finished_run):
    found = cli("pick", finished_run.path, "--max-error", "0")
    assert found.code == 1
    assert "No member of the front is within the limits (error at most 0)" in found.out
    assert "Left out: " in found.out
    found = cli("pick", finished_run.path, "--max-error", "0", "--json")
    assert found.code == 1
    assert parsed(found.out)["chosen"] is None


def test_pick_by_any_measure(cli, front, finished_run):
    least = min(front["members"], key=lambda member: member["measures"]["params"])
    found = parsed(cli("pick", finished_run.path, "--by", "params", "--limit", "activations=1M", "--json").out)
    assert found["chosen"]["id"] == least["id"]
    assert cli("pick", finished_run.path, "--by", "parms").err == (
        "error: no member of the front has a measure named 'parms'; did you mean 'params'?\n"
    )
    assert "--limit takes MEASURE=VALUE" in cli("pick", finished_run.path, "--limit", "activations").err


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_plot_by_ending(cli, finished_run, tmp_path, ending):
    magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    path = tmp_path / f"picture.{ending}"
    found = cli("plot", finished_run.path, path, *(["--kind", "hypervolume"] if ending == "svg" else []))
    assert (found.code, found.out) == (0, f"{path}\n")
    assert path.read_bytes().startswith(magic[ending])


def test_plot_of_an_architecture_has_action_and_flops_on_its_nodes(finished_run, cli, tmp_path, monkeypatch):
    from minas.plots import architecture

    seen = []
    real = architecture.architecture_picture
    monkeypatch.setattr(architecture, "architecture_picture", lambda *a, **k: seen.append(k) or real(*a, **k))
    path = tmp_path / "knee.svg"
    found = cli("plot", finished_run.path, path, "--architecture", "knee")
    assert (found.code, found.out, found.err, path.is_file()) == (0, f"{path}\n", "", True)
    stages = finished_run.front.knee().architecture["stages"]
    nodes = {(place, node) for place, stage in enumerate(stages) for node in range(len(stage["nodes"]))}
    assert set(seen[0]["action"]) == {*nodes, (len(stages), 0)}
    assert all(math.isfinite(value) and value >= 0 for value in seen[0]["action"].values())


def test_plot_of_an_architecture_whose_weights_were_not_kept_says_that_its_action_is_missing(cli, finished_run, tmp_path):
    members = {member.id for member in finished_run.front}
    other = next(trial for trial in [*finished_run.trials, *finished_run.control] if trial.id not in members)
    path = tmp_path / "other.png"
    found = cli("plot", finished_run.path, path, "--architecture", other.id)
    assert (found.code, found.out, path.is_file()) == (0, f"{path}\n", True)
    assert found.err.startswith(f"note: drawn without the action of its nodes: the weights of {other.id} were not kept")
    assert f"minas front {finished_run.path}" in found.err
    assert len(found.err.splitlines()) == 1


def test_a_plot_goes_with_what_it_is_of(cli, finished_run, tmp_path):
    found = cli("plot", finished_run.path, tmp_path / "a.png", "--kind", "architecture")
    assert found.code == 2
    assert found.err == (
        "error: the plot 'architecture' is of one architecture: name it with --architecture knee, accurate, frugal or an id\n"
    )
    found = cli("plot", finished_run.path, tmp_path / "a.png", "--kind", "front", "--architecture", "knee")
    assert found.code == 2
    assert "the plot 'front' is of a whole run, so it takes no --architecture; plots that do: " in found.err
    assert not (tmp_path / "a.png").exists()


def test_plots_that_cannot_be_drawn_say_why(cli, finished_run, tmp_path):
    assert "must end" in (text := cli("plot", finished_run.path, tmp_path / "a.gif").err) or ".png, .svg or .pdf" in text
    assert "no plot named 'fornt'; did you mean 'front'?" in cli("plot", finished_run.path, "--kind", "fornt").err
    assert "no architecture 'kne'" in cli("plot", finished_run.path, "--architecture", "kne").err
    assert "did you mean 'knee'?" in cli("plot", finished_run.path, "--architecture", "kne").err


@pytest.mark.parametrize(
    "arguments",
    [
        ["front"],
        ["front", "--json"],
        ["front", "--csv"],
        ["trials"],
        ["trials", "--json"],
        ["pick"],
        ["pick", "--json"],
        ["plot"],
    ],
)
def test_reading_needs_no_torch(finished_run, tmp_path, arguments):
    code = (
        "import sys\nfrom minas.cli import main\nsys.argv = ['minas', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "assert 'torch' not in sys.modules, 'torch was loaded'"
    )
    command, *options = arguments
    files = [str(tmp_path / "front.png")] if command == "plot" else []
    subprocess.run([sys.executable, "-c", code, command, str(finished_run.path), *files, *options], check=True)


def test_export_by_label_and_by_id(cli, finished_run, tmp_path):
    knee = finished_run.front.knee()
    found = cli("export", finished_run.path, "knee", tmp_path / "knee")
    assert found.code == 0
    assert f"{knee.id} is in {tmp_path / 'knee'}; a fresh process gave the same outputs, to the bit" in found.out
    names = {path.name for path in (tmp_path / "knee").iterdir()}
    assert {"model.py", "weights.safetensors", "architecture.json"} <= names
    found = cli("export", finished_run.path, knee.id, tmp_path / "knee", "--json")
    assert found.code == 2, "a folder that holds something"
    found = cli("export", finished_run.path, knee.id, tmp_path / "knee", "--force", "--json")
    assert parsed(found.out) == {"id": knee.id, "folder": str(tmp_path / "knee"), "files": sorted(names)}


def test_export_of_what_is_not_there(cli, finished_run, tmp_path):
    found = cli("export", finished_run.path, "nosuchid", tmp_path / "x")
    assert found.code == 2
    assert "no architecture 'nosuchid'" in found.err
    members = {member.id for member in finished_run.front}
    dominated = next((trial for trial in finished_run.trials if trial.id not in members), None)
    if dominated is not None:
        found = cli("export", finished_run.path, dominated.id, tmp_path / "x")
        assert found.code == 2
        assert "were not kept" in found.err
    assert not (tmp_path / "x").exists()


def test_an_export_needs_no_data(cli, finished_run, tmp_path, monkeypatch):
    """Its preprocessing is kept with the run: data that have gone meanwhile are not asked for."""
    from minas.domains import DOMAINS

    monkeypatch.setattr(DOMAINS, "get", lambda name: pytest.fail("the data were loaded"))
    assert cli("export", finished_run.path, "frugal", tmp_path / "frugal").code == 0


def test_a_pipe_that_closes_early_is_no_error(finished_run):
    command = f"{sys.executable} -m minas trials {finished_run.path} --json | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[", "")


def test_the_closing_words_name_commands_that_work(cli, finished_run, tmp_path, monkeypatch):
    import shlex

    from minas.api.summary import closing

    monkeypatch.chdir(tmp_path)
    text = closing(finished_run)
    commands = [shlex.split(line) for line in text.split("next:")[1].strip().splitlines()]
    assert [command[1] for command in commands] == ["pick", "plot", "export"]
    copied = shutil.copytree(finished_run.path, tmp_path / "copy")
    for command in commands:
        arguments = [str(copied) if part == str(finished_run.path) else part for part in command[1:]]
        assert cli(*arguments).code == 0, arguments
