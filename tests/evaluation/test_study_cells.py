"""A study's cell: trained by its own settings, and measured on training, test and distorted samples beside the usual."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_work import TRAINING, candidate, work

from minas import seeds
from minas.domains import DOMAINS
from minas.errors import ConfigError
from minas.evaluation.evaluate import evaluate, network_of, settings_for
from minas.evaluation.work import prepared
from minas.training.loop import train
from minas.trial import Status


@pytest.fixture
def plain(tmp_path: Path) -> str:
    return work(tmp_path, training={**TRAINING, "augmentation": {}})


def cell(**training):
    return candidate(role="study", part="test", training=training, levels={"lambda": 0.1})


def test_a_cell_is_trained_by_its_own_settings(plain: str) -> None:
    own = {"optimizer": "sgd", "lambda": 0.2, "lambda_scale": "relative", "functional": "kinetic", "learning_rate": 0.02}
    found = settings_for(prepared(plain), cell(**own))
    assert (found.optimizer, found.lambda_, found.lambda_scale) == ("sgd", 0.2, "relative")
    assert (found.functional, found.learning_rate, found.batch_size) == ("kinetic", 0.02, 16)
    assert settings_for(prepared(plain), candidate()) == prepared(plain).training


def test_a_setting_that_does_not_exist_is_refused(plain: str) -> None:
    with pytest.raises(ConfigError, match="unknown key 'learning'"):
        evaluate(plain, cell(learning=3.0))


def test_what_is_measured_beside_the_usual_agrees_with_the_network(plain: str) -> None:
    one = cell(target_error=0.5, **{"lambda": 0.01}, lambda_scale="relative")
    trial = evaluate(plain, one)
    assert trial.status is Status.COMPLETE
    distortions = DOMAINS.get("vision").distortions
    expected = {f"test_error_{name}" for name in distortions}
    assert {name for name in trial.measures if name.startswith("test_error_")} == expected

    ready = prepared(plain)
    network = network_of(ready, one)
    done = train(
        network,
        *ready.parts["train"],
        settings_for(ready, one),
        classes=3,
        epochs=3,
        seed=7,
        validation=ready.parts["validation"],
    )
    network.eval()

    def error(inputs: torch.Tensor, targets: torch.Tensor) -> float:
        with torch.no_grad():
            return float((network(inputs).argmax(dim=1) != targets).double().mean())

    for part in ("train", "test"):
        assert trial.measures[f"{part}_error"] == error(*ready.parts[part])
    inputs, targets = ready.parts["test"]
    for name, distort in distortions.items():
        generator = torch.Generator().manual_seed(seeds.derive(0, "distortion", name))
        assert trial.measures[f"test_error_{name}"] == error(distort(ready.task, inputs, generator), targets)
    assert trial.measures["lambda"] == done.lambda_ > 0
    assert trial.measures["epochs"] == 3.0
    assert trial.measures["epochs_to_accuracy"] == done.reached
    samples = done.samples // 3
    assert trial.measures["training_macs_to_accuracy"] == 3 * trial.measures["flops"] * samples * done.reached


def test_a_target_that_was_not_reached_has_a_reason_and_no_number(plain: str) -> None:
    trial = evaluate(plain, cell(target_error=0.001, learning_rate=1e-9))
    assert trial.status is Status.COMPLETE
    for name in ("epochs_to_accuracy", "training_macs_to_accuracy"):
        assert trial.measures[name] is None
        assert "never 0.001 or less" in trial.reasons[name]


def test_a_search_trial_has_none_of_it(plain: str) -> None:
    assert set(evaluate(plain, candidate()).measures) == {"error", "action", "flops", "params", "activations"}
