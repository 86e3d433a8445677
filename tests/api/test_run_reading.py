from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import torch

import minas
from minas.analysis.pick import explain
from minas.errors import MinasError, UsageError


@pytest.fixture(scope="module")
def images(finished_run):
    from minas.api.work import task_of

    return torch.from_numpy(task_of(finished_run.configuration, finished_run.path).test.inputs[:64])


def test_the_three_labelled_members_are_what_they_are_called(finished_run):
    front = finished_run.front
    assert isinstance(front, minas.Front)
    assert isinstance(front.knee(), minas.Member)
    errors = [member.measures["error"] for member in front]
    assert errors == sorted(errors)
    assert front.accurate().measures["error"] == min(errors)
    assert {"knee"} <= set(front.knee().labels)
    assert {"frugal"} <= set(front.frugal().labels)
    assert front[0] in list(front[:1])


def test_pick_gives_a_member_with_network_and_export(finished_run):
    knee = finished_run.front.knee()
    judged = finished_run.front.judged[knee.key]
    limits = {"error": judged["error"], "action": judged["action"]}
    picked = finished_run.front.pick(limits)
    assert isinstance(picked, minas.Member)
    assert picked == knee
    assert isinstance(picked.network(), torch.nn.Module)
    choice = finished_run.front.choice(limits)
    assert choice.chosen.key == picked.key
    assert picked.id in explain(choice)


def test_members_are_judged_by_their_confirmation_and_the_others_by_their_brief_training(finished_run):
    front = finished_run.front
    for member in front:
        repeats = [trial for trial in member.repeats if trial.status == "complete"]
        for name in ("error", "action"):
            own = [trial.measures[name] for trial in repeats] or [member.measures[name]]
            assert front.judged[member.key][name] == pytest.approx(sum(own) / len(own))
        assert front.judged[member.key]["flops"] == member.measures["flops"]
    confirmed = {member.key for member in front if member.repeats}
    assert confirmed
    assert front.choice({}).confirmed == confirmed
    assert any(front.judged[key]["error"] != front.by_key[key].measures["error"] for key in confirmed)


def test_pick_takes_the_least_action_among_those_within(finished_run):
    front = finished_run.front
    members = list(front)
    assert front.pick({}) == min(members, key=lambda member: front.judged[member.key]["action"])
    assert front.pick({}, by="flops") == min(members, key=lambda member: member.measures["flops"])


def test_a_limit_holds_for_what_the_confirmation_found(finished_run):
    """Brief figures of a confirmed member are another training's: a limit between the two decides by the confirmation's."""
    front = finished_run.front
    for member in front:
        brief, judged = member.measures["error"], front.judged[member.key]["error"]
        if member.repeats and brief != judged:
            found = front.choice({"error": (brief + judged) / 2})
            excesses = {left.member.key: left.excesses for left in found.left_out}
            assert (member.key in excesses) == (judged > brief)


def test_limits_may_be_texts(finished_run):
    front = finished_run.front
    assert front.pick({"flops": "1.5M", "error": "100%"}) == front.pick({"flops": 1_500_000, "error": 1})
    with pytest.raises(UsageError, match="'3Q' is no quantity"):
        front.pick({"flops": "3Q"})


def test_pick_with_nothing_within_or_wrong_limits(finished_run):
    with pytest.raises(MinasError, match="No member of the front is within the limits") as raised:
        finished_run.front.pick({"error": 0.0})
    assert "Left out: " in str(raised.value)
    with pytest.raises(UsageError, match="did you mean 'flops'"):
        finished_run.front.pick({"flosp": 1e5})
    with pytest.raises(UsageError, match="0 or more"):
        finished_run.front.pick({"flops": -1.0})


def test_a_members_network_gives_the_error_that_was_measured(finished_run):
    from minas.api.work import task_of

    member = finished_run.front.knee()
    task = task_of(finished_run.configuration, finished_run.path)
    network = member.network()
    assert not network.training
    with torch.no_grad():
        wrong = network(torch.from_numpy(task.test.inputs)).argmax(1) != torch.from_numpy(task.test.targets)
    assert float(wrong.double().mean()) == pytest.approx(member.chosen.measures["test_error"], abs=1e-12)
    assert member.chosen.candidate.role == "confirmation"
    assert member.chosen.measures["error"] == min(trial.measures["error"] for trial in member.repeats)


def test_a_member_that_was_not_confirmed_has_its_briefly_trained_network(finished_run, images):
    rest = [member for member in finished_run.front if not member.repeats]
    if not rest:
        pytest.skip("all members of this small front were confirmed")
    assert rest[0].chosen == rest[0].trial
    assert rest[0].test is None
    assert rest[0].on_front is None
    assert rest[0].network()(images).shape == (64, 10)


def test_an_export_gives_the_same_outputs_and_the_same_action(finished_run, images, tmp_path):
    member = finished_run.front.knee()
    assert member.export(tmp_path / "knee") == tmp_path / "knee"
    inside, loaded = member.network(), minas.load(tmp_path / "knee")
    with torch.no_grad():
        with minas.ActionMeter(inside) as first:
            expected = inside(images)
        with minas.ActionMeter(loaded) as second:
            given = loaded(images)
    assert torch.equal(expected, given)
    assert torch.equal(first.action(), second.action())
    assert float(second.action()) == pytest.approx(float(second.kinetic() + second.potential()))
    assert second.activation_energy().ndim == 0
    assert len(second.table()) == len(first.table()) > 1


def test_an_export_runs_where_there_is_no_minas(finished_run, images, tmp_path):
    member = finished_run.front.frugal()
    member.export(tmp_path / "frugal")
    torch.save(images, tmp_path / "images.pt")
    code = (
        "import sys, torch\nsys.path.insert(0, 'frugal')\nimport model\n"
        "logits = model.load()(torch.load('images.pt', weights_only=True))\n"
        "torch.save(logits.detach(), 'logits.pt')\nassert 'minas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, check=True)
    with torch.no_grad():
        assert torch.equal(torch.load(tmp_path / "logits.pt", weights_only=True), member.network()(images))


def test_flops_of_a_member_are_those_that_count_flops_gives(finished_run):
    member = finished_run.front.knee()
    assert minas.count_flops(member.network(), torch.zeros(1, 1, 28, 28)) == member.measures["flops"]


def test_members_by_name(finished_run):
    knee = finished_run.front.knee()
    assert finished_run.member("knee") == finished_run.member(knee.id) == finished_run.member(knee.key) == knee
    with pytest.raises(UsageError, match=r"is the start of \d+ architectures .*give more characters"):
        finished_run.member("")
    with pytest.raises(UsageError, match="did you mean 'accurate'"):
        finished_run.member("acurate")
    dominated = [trial for trial in finished_run.trials if trial.candidate.key not in finished_run.front.by_key]
    for trial in dominated[:1]:
        assert finished_run.member(trial.id).labels == ()


def test_an_id_that_is_like_none_says_where_to_find_them(finished_run):
    with pytest.raises(UsageError, match=rf"no architecture 'zzz' in .*; .* listed by: minas front {finished_run.path}$"):
        finished_run.member("zzz")


def test_weights_of_the_front_that_are_gone_are_named(finished_run, tmp_path):
    run = minas.open_run(shutil.copytree(finished_run.path, tmp_path / "copy"))
    for path in (run.path / "weights").iterdir():
        path.unlink()
    with pytest.raises(UsageError, match=r"weights/confirmation-0000\d\.safetensors is missing: .* is on the front"):
        run.front.knee().network()
    dominated = next(trial for trial in run.trials if trial.candidate.key not in run.front.by_key)
    with pytest.raises(UsageError, match="were not kept"):
        run.member(dominated.id).network()


def test_an_id_that_starts_two_members_is_not_guessed(finished_run):
    keys = [trial.candidate.key for trial in [*finished_run.trials, *finished_run.control]]
    first = next((key[0] for key in keys if sum(other.startswith(key[0]) for other in set(keys)) > 1), None)
    if first is None:
        pytest.skip("no two architectures of this run start alike")
    with pytest.raises(UsageError, match="give more characters"):
        finished_run.member(first)


def test_units_and_comparison(finished_run):
    assert finished_run.units["error"]
    assert set(finished_run.units) >= {"error", "action", "flops", "activations", "params"}
    assert finished_run.comparison.source == "control"
    assert finished_run.comparison.random_trials == 6


def test_what_the_run_spent(finished_run):
    from minas.api.summary import cost, cost_words

    spent = cost(finished_run)
    assert spent["trials"] == 6 + 6 + 4 + 6
    assert spent["training_macs"] > 0
    assert 0 < spent["utilisation"] <= 1.001
    assert 0 <= spent["overhead_seconds"] < 0.5
    assert (spent["joules"] is None) == (spent["joules_reason"] is not None)
    if spent["joules"] is None:
        assert "joules not measured (" in cost_words(finished_run)
    assert spent["cpu_seconds"] > 0


def test_words_against_chance_say_how_many_times_of_the_average(finished_run):
    from minas.analysis.quantities import show
    from minas.api.summary import against_chance

    found = finished_run.comparison
    text = "\n".join(against_chance(finished_run))
    assert f"dominates {100 * found.dominated:.0f}% of the control" in text
    if found.member is not None:
        own, average = found.member.trial.measures["flops"], found.average["flops"]
        assert f"{show(own / average)} of its FLOPs" in text


def test_every_name_of_the_package_is_there():
    for name in minas.__all__:
        assert getattr(minas, name) is not None
        assert name in dir(minas)
    with pytest.raises(AttributeError, match="has no attribute 'serach'"):
        _ = minas.serach


def test_importing_minas_and_opening_a_run_loads_no_torch(finished_run):
    code = (
        "import sys, minas\nrun = minas.open_run(sys.argv[1])\nrun.front.knee().measures, run.comparison, run.front.pick({})\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(finished_run.path)], check=True)


def test_a_searchs_name_stays_a_function():
    """A subpackage named like a public function would take its place once it is imported."""
    import importlib
    import pkgutil

    assert callable(minas.search)
    rooms = {module.name for module in pkgutil.iter_modules(minas.__path__)}
    assert not rooms & set(minas.__all__)
    importlib.import_module("minas.evolution.search")
    assert callable(minas.search)


def test_resuming_a_run_whose_data_have_changed_is_refused(unfinished_run, thousand_digits, tmp_path):
    import numpy as np

    copied = unfinished_run
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "other.npz", x=rng.integers(0, 255, (60, 8, 8), dtype=np.uint8), y=np.arange(60) % 3)
    toml = (copied / "run.toml").read_text()
    assert str(thousand_digits) in toml
    (copied / "run.toml").write_text(toml.replace(str(thousand_digits), str(tmp_path / "other.npz")))
    with pytest.raises(UsageError, match="have changed since the run"):
        minas.resume(copied)


def test_ctrl_c_at_any_point_of_a_sitting_names_the_command_that_goes_on(unfinished_run, monkeypatch, tmp_path):
    from minas.api import sitting

    def pressed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(sitting, "_work", pressed)
    copied = unfinished_run.rename(tmp_path / "a run")
    with pytest.raises(sitting.InterruptedRunError, match=r"Go on with: minas search --resume '.*/a run'") as raised:
        minas.resume(copied)
    assert raised.value.exit_code == 1


def test_every_public_name_has_an_example():
    for name in minas.__all__:
        text = getattr(minas, name).__doc__
        assert "Example:" in text or f"with {name}(" in text, name


def test_what_a_prompt_shows_of_a_run_is_short(finished_run):
    knee = finished_run.front.knee()
    assert repr(finished_run) == f"<Run {finished_run.path}: 6 trials, {len(finished_run.front)} on the front>"
    assert repr(knee) == f"<Member {knee.id} {' '.join(knee.labels)} of {finished_run.path}>"
    assert repr(finished_run.front).startswith(
        f"<Front of {finished_run.path}: {len(finished_run.front)} members, hypervolume 0."
    )


def test_no_number_in_a_table_is_nan(finished_run):
    import dataclasses
    import json
    from types import SimpleNamespace

    from minas.api.tables import front_values, trials_values

    broken = [
        dataclasses.replace(trial, measures={"error": float("nan"), "action": float("inf")}) for trial in finished_run.trials
    ]
    rows = trials_values(SimpleNamespace(trials=broken))  # type: ignore[arg-type]
    assert rows[0]["measures"] == {"error": None, "action": None}
    json.dumps([rows, front_values(finished_run)], allow_nan=False)
