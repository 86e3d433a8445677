"""From candidate to trial: whatever happens to a candidate is a trial; whatever happens to the machine is an error."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_work import CHAIN, TRAINING, candidate, work

from minas.engines import ENGINES
from minas.errors import ConfigError, DataError, MinasError, UsageError
from minas.evaluation import evaluate as module
from minas.evaluation.evaluate import evaluate, network_of
from minas.evaluation.work import prepared
from minas.measures import error
from minas.run import folder as run_folder
from minas.trial import Candidate, Status, Trial


@pytest.fixture
def plain(tmp_path: Path) -> str:
    return work(tmp_path)


def figures(trial: Trial) -> Trial:
    return dataclasses.replace(trial, cost=type(trial.cost)())


def test_a_candidate_is_trained_and_measured(plain: str) -> None:
    trial = evaluate(plain, candidate(epochs=6))
    assert (trial.status, trial.reason, trial.reasons) == (Status.COMPLETE, None, {})
    assert set(trial.measures) == {"error", "action", "flops", "params", "activations"}
    assert 0 <= trial.measures["error"] < 0.5
    assert trial.measures["action"] > 0
    cost = trial.cost
    assert 0 < cost.training_seconds < cost.seconds
    assert 0 < cost.measuring_seconds < cost.seconds
    assert cost.cpu_seconds > 0
    samples = 6 * (len(prepared(plain).task.train) // 16) * 16
    assert cost.training_macs == 3 * trial.measures["flops"] * samples
    assert cost.joules is None


def test_the_same_candidate_gives_the_same_bits_and_another_seed_others(plain: str) -> None:
    first, second = evaluate(plain, candidate()), evaluate(plain, candidate())
    assert figures(first) == figures(second)
    other = evaluate(plain, candidate(seed=8))
    assert other.measures["action"] != first.measures["action"]
    assert other.measures["flops"] == first.measures["flops"]


def test_the_weights_are_kept_and_give_the_measured_network(plain: str, tmp_path: Path) -> None:
    trial = evaluate(plain, candidate())
    state = load_file(tmp_path / "weights" / "search-00003.safetensors")
    ready = prepared(plain)
    network = network_of(ready, candidate(seed=99))
    network.load_state_dict(state)
    inputs, targets = ready.parts["validation"]
    with torch.no_grad():
        wrong = (network.eval()(inputs).argmax(1) != targets).double().mean().item()
    assert wrong == trial.measures["error"]
    assert not list((tmp_path / "weights").glob(".*"))


@pytest.mark.parametrize(("role", "kept"), [("search", 1), ("confirmation", 1), ("control", 0), ("initial", 0)])
def test_weights_of_some_roles_are_kept(plain: str, tmp_path: Path, role, kept: int) -> None:
    evaluate(plain, candidate(role=role, epochs=1))
    assert len(list((tmp_path / "weights").iterdir())) == kept


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    assert evaluate(work(tmp_path, folder=None), candidate(epochs=1)).status is Status.COMPLETE
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_machine_that_does_not_see_the_runs_folder_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "elsewhere"
    with pytest.raises(UsageError, match=r"does not see the run's folder, .*elsewhere: give one with --out that lies at"):
        module.prepare(work(tmp_path, folder=str(missing)))


@pytest.mark.parametrize("name", ["flops", "params", "activations"])
def test_what_exceeds_a_limit_is_never_trained(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "train", lambda *_, **__: pytest.fail("trained"))
    trial = evaluate(work(tmp_path, limits={name: 5.0}), candidate())
    assert trial.status is Status.INFEASIBLE
    assert trial.reason == f"{name} {trial.measures[name]:,.0f} over the limit of 5"
    assert trial.cost.training_seconds == trial.cost.training_macs == 0
    assert set(trial.measures) == {"flops", "params", "activations"}
    assert list((tmp_path / "weights").iterdir()) == []


def test_the_measure_itself_says_whether_it_is_known_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "train", lambda *_, **__: pytest.fail("trained"))
    monkeypatch.setattr(error, "MEASURE", dataclasses.replace(error.MEASURE, before_training=True))
    trial = evaluate(work(tmp_path, limits={"error": 0.0}), candidate())
    assert trial.status is Status.INFEASIBLE
    assert set(trial.measures) == {"error", "flops", "params", "activations"}


def test_a_limit_holds_though_its_measure_was_not_asked_for(tmp_path: Path) -> None:
    trial = evaluate(work(tmp_path, measures=("error",), limits={"params": 5.0}), candidate())
    assert trial.status is Status.INFEASIBLE


def test_a_limit_that_is_just_kept_is_no_obstacle(plain: str, tmp_path: Path) -> None:
    flops = evaluate(plain, candidate(epochs=0)).measures["flops"]
    assert evaluate(work(tmp_path, limits={"flops": flops}), candidate(epochs=0)).status is Status.COMPLETE


def without_operator() -> dict[str, object]:
    broken = json.loads(json.dumps(CHAIN))
    broken["stages"][0]["nodes"][0]["operator"] = "conv99"
    return broken


def test_an_architecture_that_cannot_be_built_is_a_failed_trial(plain: str) -> None:
    trial = evaluate(plain, candidate(architecture=without_operator()))
    assert trial.status is Status.FAILED
    assert "conv99" in (trial.reason or "")
    assert trial.measures == {}
    assert evaluate(plain, candidate(architecture={"schema": 1})).status is Status.FAILED


def test_a_training_that_fails_is_a_failed_trial_with_its_reason(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(module, "train", fail)
    trial = evaluate(plain, candidate())
    assert (trial.status, trial.reason) == (Status.FAILED, "RuntimeError: no such kernel")
    assert trial.cost.seconds > 0


def test_a_divergence_keeps_what_was_known_before(tmp_path: Path) -> None:
    wild = {**TRAINING, "learning_rate": 1e12, "epochs": 3}
    trial = evaluate(work(tmp_path, training=wild), candidate())
    assert trial.status is Status.DIVERGED
    assert "loss" in (trial.reason or "")
    assert set(trial.measures) == {"flops", "params", "activations"}
    assert trial.cost.training_seconds > 0
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_lack_of_memory_is_the_machine_s(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
        )

    monkeypatch.setattr(module, "train", exhausted)
    with pytest.raises(MemoryError, match="can't allocate memory"):
        evaluate(plain, candidate())


def test_memory_that_torch_really_cannot_have(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "train", lambda *_, **__: torch.empty(2**55, dtype=torch.uint8))
    with pytest.raises(MemoryError):
        evaluate(plain, candidate())


def test_a_full_disk_ends_the_run(plain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_folder.os, "fsync", full)
    with pytest.raises(MinasError, match=r"cannot write .*search-00003\.safetensors: No space left on device"):
        evaluate(plain, candidate(epochs=1))


def test_data_that_vanished_ends_the_run(tmp_path: Path) -> None:
    text = work(tmp_path, source={"path": str(tmp_path / "gone.npz"), "seed": 0})
    with pytest.raises(DataError, match=r"gone\.npz"):
        evaluate(text, candidate())


@pytest.mark.parametrize("training", [{**TRAINING, "epohcs": 2}, {**TRAINING, "augmentation": {"shfit": 2}}])
def test_settings_that_nobody_knows_end_the_run(tmp_path: Path, training) -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        evaluate(work(tmp_path, training=training), candidate())


def test_no_epochs_measure_the_untrained_network(plain: str) -> None:
    trial = evaluate(plain, candidate(role="initial", epochs=0))
    assert trial.status is Status.COMPLETE
    assert trial.cost.training_seconds == trial.cost.training_macs == 0
    ready = prepared(plain)
    fresh = network_of(ready, candidate()).eval()
    inputs, targets = ready.parts["validation"]
    with torch.no_grad():
        assert (fresh(inputs).argmax(1) != targets).double().mean().item() == trial.measures["error"]


def test_confirmation_measures_both_parts(plain: str) -> None:
    trial = evaluate(plain, candidate(role="confirmation", part="test", epochs=4))
    validation = evaluate(plain, candidate(epochs=4))
    assert {name: trial.measures[name] for name in validation.measures} == validation.measures
    assert set(trial.measures) - set(validation.measures) == {"test_error", "test_action"}
    assert trial.measures["test_action"] != trial.measures["action"]


def test_why_a_measure_on_the_test_samples_is_missing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module.measure

    def measured(trained, names):
        found = real(trained, names)
        if "action" in found.values:
            found.values["action"], found.reasons["action"] = None, "not a finite number: nan"
        return found

    monkeypatch.setattr(module, "measure", measured)
    trial = evaluate(work(tmp_path), candidate(part="test"))
    assert trial.reasons == dict.fromkeys(("action", "test_action"), "not a finite number: nan")
    assert trial.measures["test_action"] is None


def test_a_baseline_is_built_by_its_name_and_seeded(plain: str) -> None:
    from minas.baselines import of_domain

    name = min(of_domain("vision"))
    chosen = candidate(role="baseline", key=f"baseline:{name}", baseline=name, architecture=None, part="test", epochs=1)
    trial = evaluate(plain, chosen)
    assert trial.status is Status.COMPLETE
    assert "test_error" in trial.measures
    first, second = (network_of(prepared(plain), chosen).state_dict() for _ in range(2))
    assert all(torch.equal(first[tensor], second[tensor]) for tensor in first)


def test_a_candidate_s_seed_seeds_its_initialisation(plain: str) -> None:
    first, second, other = (network_of(prepared(plain), candidate(seed=seed)).state_dict() for seed in (7, 7, 8))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_work_is_json_and_prepared_once(plain: str) -> None:
    assert json.loads(plain)["measures"] == ["error", "action", "flops", "params", "activations"]
    assert prepared(plain) is prepared(plain)
    parts = prepared(plain).parts
    assert sum(len(targets) for _, targets in parts.values()) == 90
    assert {inputs.dtype for inputs, _ in parts.values()} == {torch.float32}
    assert not np.shares_memory(parts["train"][0].numpy(), parts["test"][0].numpy())


@pytest.mark.slow
def test_workers_in_any_number_give_the_same_bits_as_one(tmp_path: Path) -> None:
    chosen: list[Candidate] = [candidate(number=number, seed=number % 2, epochs=2) for number in range(6)]
    found: list[list[Trial]] = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        engine = ENGINES.get("local").start(work(folder), workers)
        futures = [engine.submit(one, timeout=300) for one in chosen]
        found.append([figures(future.result(300)) for future in futures])
        engine.close()
    assert found[0] == found[1]
    first, second = ([path.read_bytes() for path in sorted((tmp_path / name / "weights").iterdir())] for name in "12")
    assert len(first) == 6
    assert first == second
