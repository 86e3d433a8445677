"""A user's own images, from a folder of PNG files to an export; and searches that are asked for unusual things."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

import minas
from minas.api import reference
from minas.baselines import of_domain
from minas.errors import MinasError

pytestmark = pytest.mark.slow

TINY = {
    "trials": 4,
    "population": 2,
    "window": 2,
    "epochs": 1,
    "members": 1,
    "confirmation_epochs": 1,
    "confirmation_seeds": 2,
    "workers": 1,
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Colour images of three shapes, of two sizes, unequal in number."""
    folder, rng = tmp_path_factory.mktemp("shapes"), np.random.default_rng(0)
    down, across = np.mgrid[:16, :16]
    shapes = {
        "disc": (down - 8) ** 2 + (across - 8) ** 2 < 25,
        "square": (abs(down - 8) < 5) & (abs(across - 8) < 5),
        "stripes": down % 4 < 2,
    }
    for place, (name, mask) in enumerate(shapes.items()):
        (folder / name).mkdir()
        for number in range(30 + 10 * place):
            image = rng.integers(0, 80, (16, 16, 3), dtype=np.uint8)
            image[mask] += 140
            side = 16 if number % 2 else 20
            Image.fromarray(image).resize((side, side)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    return minas.search("vision", data=images, max_flops=60_000, out=tmp_path_factory.mktemp("own") / "run", **TINY)


def test_own_images_from_folder_to_export(run, tmp_path):
    facts = run.configuration.task
    assert facts.classes == ("disc", "square", "stripes")
    assert facts.shape[0] == 3
    assert sum(facts.samples) == 30 + 40 + 50
    assert len(run.front) >= 1
    member = run.front.knee()
    assert member.test["error"].seeds == 2
    member.export(tmp_path / "knee")
    example = torch.rand(3, *facts.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(minas.load(tmp_path / "knee")(example), member.network()(example))
    written = json.loads((tmp_path / "knee" / "architecture.json").read_text())
    assert "disc" in json.dumps(written)


def test_bounds_of_own_data_are_worked_out_before_the_search_and_kept(run):
    bounds = run.bounds
    assert set(bounds) == {"error", "action", "flops"}
    assert bounds["error"].reference == pytest.approx(run.configuration.task.majority_error)
    assert 0 < run.configuration.task.majority_error < 1
    for found in bounds.values():
        assert found.ideal < found.reference
    assert bounds["flops"].reference == 2500 * run.configuration.task.shape[1] * run.configuration.task.shape[2], (
        "the space's own limit, not the user's: else runs could not be compared"
    )
    assert minas.open_run(run.path).bounds == bounds


def test_a_limit_holds_for_the_search_and_leaves_baselines_alone(run):
    assert all(trial.measures["flops"] <= 60_000 for trial in run.trials)
    found = {trial.candidate.baseline: trial for trial in run.baseline_trials}
    assert set(found) == {"chain w8 no inner", "chain w8", "chain w16"}
    assert all(trial.status == "complete" for trial in found.values())
    assert found["chain w16"].measures["flops"] > 60_000


def test_baselines_of_own_data_are_trained_once(run, images, tmp_path):
    protocol = reference.protocol(run.configuration, epochs=1)
    assert reference.find(run.configuration, protocol) == run.baseline_trials
    again = minas.search("vision", data=images, seed=3, out=tmp_path / "again", **TINY)
    assert again.baseline_trials == run.baseline_trials, "times and all: they are those of the first run"
    assert again.bounds == run.bounds, "whatever the seed and the user's limits: else runs could not be compared"


def test_arrays_and_an_own_objective_set(tmp_path):
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], 40)
    x = rng.integers(0, 90, (120, 10, 10), dtype=np.uint8)
    x[y == 1, :5] += 120
    x[y == 2, :, :5] += 120
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[[objectives]]\nmeasure = "error"\n[[objectives]]\nmeasure = "flops"\nscale = "log"\n'
    )
    run = minas.search("vision", data=(x, y), objectives=tmp_path / "mine.toml", out=tmp_path / "run", **TINY)
    assert run.configuration.objectives.names == ["error", "flops"]
    assert set(run.bounds) >= {"error", "flops"}
    assert {"knee", "accurate", "frugal"} == {label for member in run.front for label in member.labels}
    assert (run.path / "data" / "data.npz").is_file()
    assert run.front.pick({}).measures["action"] > 0
    assert "--objectives" in run.fact("repeat")
    assert (run.path / "objectives.toml").is_file()


def test_an_objective_without_a_rule_for_its_bounds_says_what_to_write(tmp_path, images):
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[[objectives]]\nmeasure = "error"\n[[objectives]]\nmeasure = "params"\nscale = "log"\n'
    )
    with pytest.raises(MinasError, match=r"the objective 'params' needs bounds for the task .*: put \[bounds\.") as raised:
        minas.search("vision", data=images, objectives=tmp_path / "mine.toml", out=tmp_path / "run", **TINY)
    name = raised.value.args[0].split('"')[1]
    bounds = "\n".join(
        f'[bounds."{name}".{measure}]\nideal = {low}\nreference = {high}'
        for measure, low, high in (("error", 0, 0.6), ("params", 100, 100_000))
    )
    with (tmp_path / "mine.toml").open("a") as file:
        file.write(bounds)
    run = minas.search("vision", data=images, objectives=tmp_path / "mine.toml", out=tmp_path / "again", **TINY)
    assert run.configuration.objectives.names == ["error", "params"]


def test_too_short_a_time_is_a_failed_run_that_says_so(shell, images, tmp_path):
    done = shell("search", "vision", "--data", images, "--time", "0.1s", "--workers", "1", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "Not one trial ended in time: give it more, with --time." in done.stdout
    assert "next:" not in done.stdout
    done = shell("front", tmp_path / "run", "--json")
    assert json.loads(done.stdout)["members"] == []
    assert shell("front", tmp_path / "run", "--csv").stdout == "id,labels,on_front\n"
    assert "the front of" in shell("export", tmp_path / "run", "knee", tmp_path / "x").stderr


def test_limits_that_nothing_keeps_are_named(shell, images, tmp_path):
    options = ["--max-flops", "1", "--time", "10m", "--workers", "1", "--out", tmp_path / "run"]
    done = shell("search", "vision", "--data", images, *options)
    assert done.returncode == 1
    assert "After 0 trials no new architecture was found within the limits (FLOPs at most 1)." in done.stdout
    assert "--time" not in done.stdout, "more time is no help"


def test_a_time_is_kept_and_a_run_by_the_clock_says_how_to_repeat_it(shell, images, tmp_path):
    options = ["--population", 3, "--window", 2, "--epochs", 1, "--confirmation-epochs", 1, "--confirmation-seeds", 1]
    done = shell("search", "vision", "--data", images, "--time", "25s", "--workers", "1", *options, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    run = minas.open_run(tmp_path / "run")
    assert run.fact("spent") < 32
    assert f"--trials {len(run.told)} " in run.fact("repeat")
    assert run.fact("repeat") in done.stdout
    assert run.confirmation


@pytest.mark.parametrize("out", [".", "nowhere/baselines.json"])
def test_baselines_say_before_they_train_that_their_file_cannot_be_written(shell, images, tmp_path, out):
    done = shell("baselines", "vision", "--data", images, "--out", out, cwd=tmp_path)
    assert done.returncode == 2
    assert f"cannot write to {out}: give a file, in a folder that exists, with --out" in done.stderr


def test_the_baselines_command(shell, images, tmp_path):
    out = tmp_path / "baselines.json"
    space = tmp_path / "mine.toml"
    from minas import resources

    text = resources.find("search_spaces", "vision").read_text()
    before, after = text.split("[confirmation]")
    space.write_text(before + "[confirmation]\nmembers = 1\nseeds = 1\nepochs = 1\n")
    assert after
    done = shell("baselines", "vision", "--data", images, "--space", space, "--workers", 1, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["name"] for row in rows] == list(of_domain("vision"))
    assert len(json.loads(out.read_text())["trials"]) == len(rows) >= 3
    assert shell("baselines", "visio").stderr == "error: no domain named 'visio'; did you mean 'vision'?\n"
