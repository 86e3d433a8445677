"""From what a user asks for to a run's configuration; the command that repeats a run; baselines that are known already."""

from __future__ import annotations

import dataclasses
import json
import shlex
import time
from pathlib import Path

import numpy as np
import pytest

import minas
from minas import config, resources
from minas.api import reference
from minas.api.repeating import repeat_command
from minas.api.request import Request, configuration_of, cores, load_task
from minas.domains import DOMAINS
from minas.errors import DataError, UsageError
from minas.measures import action
from minas.run.configuration import read
from minas.trial import Status


@pytest.fixture(scope="module")
def task():
    return load_task(Request())


def configured(task, **asked):
    configuration, _ = configuration_of(Request(**asked), *task)
    return configuration


def test_defaults_are_those_of_the_domain_the_space_and_the_machine(task):
    settings = configured(task).settings
    file = config.read(resources.find("search_spaces", "vision")).values
    assert settings.seconds == 300.0
    assert settings.trials is None
    assert settings.workers == cores()
    assert (settings.population, settings.window, settings.seed) == (20, 8, 0)
    assert (settings.members, settings.confirmation_seeds) == (file["confirmation"]["members"], file["confirmation"]["seeds"])
    assert settings.confirmation_epochs == file["confirmation"]["epochs"]
    assert configured(task).objectives.names == ["error", "action", "flops"]


def test_trials_alone_have_no_clock_and_both_may_be_given(task):
    assert configured(task, trials=5).settings.seconds is None
    assert configured(task, trials=5, time="90s").settings.seconds == 90.0


def test_lambda_and_epochs_are_part_of_the_configuration(task):
    training = configured(task, lambda_=3e-4, epochs=2).search_space["training"]
    assert (training["lambda"], training["epochs"]) == (3e-4, 2)
    assert training["batch_size"] == configured(task).search_space["training"]["batch_size"]


def test_a_configuration_survives_its_file(task, tmp_path):
    before = configured(task, trials=5, lambda_=1e-6)
    before.write(tmp_path)
    assert config.plain(read(tmp_path)) == config.plain(before)


def test_measures_of_an_own_objective_set_are_taken(task, tmp_path):
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[[objectives]]\nmeasure = "error"\n[[objectives]]\nmeasure = "params"\n'
    )
    found = configured(task, objectives=str(tmp_path / "mine.toml"))
    assert found.objectives.names == ["error", "params"]
    assert {"error", "params", "action", "activations"} <= set(found.measures)


def test_the_spaces_own_limits_hold_and_a_users_smaller_ones(task, tmp_path):
    own = configured(task).settings.limits
    assert own == {"flops": 2500.0 * 28 * 28}
    assert configured(task, limits={"flops": 5e9, "params": 9e3}).settings.limits == {**own, "params": 9e3}
    assert configured(task, limits={"flops": 5e4}).settings.limits == {"flops": 5e4}


def test_limits_that_cannot_be_told_before_training_are_refused():
    expected = "a limit on 'action' cannot be checked before training: limits are activations, flops, params$"
    with pytest.raises(UsageError, match=expected):
        load_task(Request(limits={"action": 5.0}))


def test_a_measure_that_says_that_it_is_known_before_training_can_be_limited(monkeypatch):
    monkeypatch.setattr(action, "MEASURE", dataclasses.replace(action.MEASURE, before_training=True))
    limits = {"action": 5.0}
    assert configured(load_task(Request(limits=limits)), limits=limits).settings.limits["action"] == 5.0


def test_an_unknown_option_of_search_is_pythons_own_error():
    with pytest.raises(TypeError, match="trails"):
        minas.search("vision", trails=3)  # type: ignore[call-arg]


UNUSABLE = [(np.zeros((5, 4, 4)), np.zeros(4)), 7, (np.zeros((30, 8, 8), dtype=np.uint8), np.zeros(30, dtype=int))]


@pytest.mark.parametrize("data", UNUSABLE)
def test_arrays_that_cannot_be_used_leave_no_folder_behind(tmp_path, data):
    with pytest.raises(DataError) as raised:
        minas.search("vision", data=data, trials=1, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert str(tmp_path) not in str(raised.value), "that folder is gone"


def test_arrays_that_cannot_be_used_are_named_as_what_they_are(tmp_path):
    with pytest.raises(DataError, match=r"^the data given as arrays: .*class"):
        minas.search("vision", data=UNUSABLE[2], trials=1, out=tmp_path / "run")


@pytest.mark.parametrize("data", UNUSABLE)
def test_a_start_that_fails_leaves_a_users_own_folder_where_it_is(tmp_path, data):
    mine = tmp_path / "mine"
    mine.mkdir()
    with pytest.raises(DataError):
        minas.search("vision", data=data, trials=1, out=mine)
    assert mine.is_dir()
    assert list(mine.iterdir()) == []


def digits(thousand_digits):
    with np.load(thousand_digits) as arrays:
        return arrays["x"], arrays["y"]


def begun(monkeypatch, folder: Path, **asked):
    """Ask for a search; return what its sitting would have been given, without the work."""
    from minas.api import search

    seen = []
    monkeypatch.setattr(search, "sit", lambda *given: seen.append(given))
    minas.search("vision", out=folder, trials=1, **asked)
    return seen[0]


def test_arrays_are_found_wherever_a_runs_folder_is_moved(tmp_path, thousand_digits, monkeypatch):
    from minas.api.work import task_of, work_of

    monkeypatch.chdir(tmp_path)
    begun(monkeypatch, Path("run"), data=digits(thousand_digits))
    assert str(tmp_path) not in (tmp_path / "run" / "run.toml").read_text()
    moved = (tmp_path / "run").rename(tmp_path / "elsewhere")
    run = minas.open_run(moved)
    assert task_of(run.configuration, moved).digest == run.configuration.task.digest
    assert work_of(run.configuration, Path("elsewhere")).source["path"] == str(moved / "data" / "data.npz")
    monkeypatch.setattr(minas.Run, "_stored", ({}, {"search_ended": 1}))
    assert f"--data {moved / 'data' / 'data.npz'}" in repeat_command(run)


@pytest.mark.parametrize("name", ["flops", "params", "activations"])
def test_a_limit_that_no_network_can_meet_is_refused(name):
    for most in (0.0, 0.5):
        with pytest.raises(UsageError, match=f"max-{name} must be at least 1, not {most:g}"):
            load_task(Request(limits={name: most}))


@pytest.mark.parametrize("domain", ["text", "physiological"])
@pytest.mark.parametrize("size", [3, 28])
def test_an_image_size_is_refused_where_samples_have_no_sides(domain, size):
    with pytest.raises(UsageError, match=f"the samples of the domain '{domain}' have no sides in pixels, as those of neuro"):
        load_task(Request(domain=domain, image_size=size))


def test_limits_may_be_given_as_texts(tmp_path, thousand_digits, monkeypatch):
    configuration = begun(monkeypatch, tmp_path / "run", data=thousand_digits, max_flops="150k", max_params=9e3)[1]
    assert configuration.settings.limits == {"flops": 150_000.0, "params": 9000.0}
    for wrong, text in (
        ("200Q", "'200Q' is no quantity"),
        ([5], "max_flops is .* expected a number"),
        (-1, "max_flops is '-1'"),
    ):
        with pytest.raises(UsageError, match=text):
            minas.search("vision", max_flops=wrong, trials=1, out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_users_clock_begins_with_the_call_or_with_the_command(tmp_path, thousand_digits, monkeypatch):
    from minas.api import search

    loading = search.load_task
    monkeypatch.setattr(search, "load_task", lambda request: time.sleep(0.3) or loading(request))
    before = time.monotonic()
    began = begun(monkeypatch, tmp_path / "called", data=thousand_digits)[4]
    assert before <= began < before + 0.25, "loading the data is on the clock"
    assert begun(monkeypatch, tmp_path / "commanded", data=thousand_digits, began=before - 5.0)[4] == before - 5.0


def test_a_sittings_clock_counts_from_where_it_began(tmp_path, thousand_digits, monkeypatch):
    from minas.api import phases, sitting

    clocks = []
    folder, configuration, space, *_, facts = begun(monkeypatch, tmp_path / "run", data=thousand_digits, time="5m")
    monkeypatch.setattr(phases, "run_phases", lambda session: clocks.append((session.clock.left(), session.clock.spent())))
    heard = []
    sitting.sit(folder, configuration, space, heard.append, time.monotonic() - 100.0, facts)
    left, spent = clocks[0]
    assert left == pytest.approx(200.0, abs=5.0)
    assert spent == pytest.approx(100.0, abs=5.0)
    assert heard[0].left == pytest.approx(200.0, abs=5.0)
    sitting.sit(folder, configuration, space, heard.append, time.monotonic(), {})
    assert clocks[1][1] == pytest.approx(100.0, abs=10.0), "what the first sitting spent is kept"


def test_the_command_that_repeats_a_run_says_all_that_its_trials_depend_on(finished_run, thousand_digits):
    command = shlex.split(finished_run.fact("repeat"))
    assert command[:3] == ["minas", "search", "vision"]
    options = dict(zip(command[3:-1:2], command[4:-1:2], strict=True))
    assert command[-1] == "--control"
    assert options == {
        "--trials": "6", "--seed": "0", "--population": "3", "--window": "2", "--epochs": "2",
        "--data": str(thousand_digits), "--max-flops": "150000",
        "--members": "2", "--confirmation-epochs": "1", "--confirmation-seeds": "2",
        "--lambda": repr(float(finished_run.configuration.search_space["training"]["lambda"])),
    }  # fmt: skip


def changed(run, folder: Path, **changes):
    """Return the run with another configuration, in a folder of its own."""
    import shutil

    shutil.copytree(run.path, folder)
    dataclasses.replace(run.configuration, **changes).write(folder)
    return minas.open_run(folder)


def test_a_users_own_files_are_kept_with_the_run_and_named(finished_run, tmp_path):
    space = json.loads(json.dumps(config.plain(dict(finished_run.configuration.search_space))))
    space["training"]["batch_size"] = 32
    mine = dataclasses.replace(
        finished_run.configuration.objectives, objectives=finished_run.configuration.objectives.objectives[:2], bounds={}
    )
    run = changed(finished_run, tmp_path / "a run", search_space=space, objectives=mine)
    command = shlex.split(repeat_command(run))
    options = dict(zip(command[3:-1:2], command[4:-1:2], strict=True))
    asked = Request(space=options["--space"], objectives=options["--objectives"], epochs=2, trials=6)
    again, _ = configuration_of(asked, *load_task(asked))
    assert again.objectives == mine
    assert config.plain(again.search_space)["training"] == space["training"]
    assert "--space" not in finished_run.fact("repeat")


def test_a_limit_is_repeated_without_loss(finished_run, tmp_path):
    settings = dataclasses.replace(finished_run.configuration.settings, limits={"flops": 1_234_567.0, "params": 0.1 + 0.2})
    command = repeat_command(changed(finished_run, tmp_path / "run", settings=settings))
    assert "--max-flops 1234567 --max-params 0.30000000000000004" in command


def test_baselines_are_trained_once_for_a_task_and_protocol(finished_run, tmp_path, monkeypatch):
    """The session's own cache has those of the finished run."""
    configuration = finished_run.configuration
    protocol = reference.protocol(configuration, epochs=1)
    known = reference.find(configuration, protocol)
    assert known == finished_run.baseline_trials
    assert {trial.candidate.baseline for trial in known} == {"chain w8 no inner", "chain w8", "chain w16"}
    assert all(trial.status is Status.COMPLETE for trial in known)
    assert reference.protocol(configuration, epochs=2) != protocol
    other = {**configuration.search_space, "training": {**configuration.search_space["training"], "lambda": 0.5}}
    assert reference.protocol(dataclasses.replace(configuration, search_space=other), epochs=1) != protocol
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert reference.find(configuration, protocol) == []


def test_what_lies_in_the_cache_is_no_reason_to_fail(finished_run, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    protocol = reference.protocol(finished_run.configuration, epochs=1)
    path = reference._cached(finished_run.configuration, protocol)
    path.parent.mkdir(parents=True)
    for content in (
        "",
        "[]",
        "{",
        json.dumps({"schema": 1, "protocol": protocol}),
        json.dumps({"schema": 1, "protocol": protocol, "trials": [{}]}),
    ):
        path.write_text(content)
        assert reference.find(finished_run.configuration, protocol) == []
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("a file where a folder should be")
    reference.keep(finished_run.configuration, protocol, finished_run.baseline_trials)


def test_every_domain_has_its_space_and_its_objectives():
    for domain in DOMAINS.all().values():
        assert domain.space in resources.names("search_spaces")
        assert domain.objectives in resources.names("objectives")
