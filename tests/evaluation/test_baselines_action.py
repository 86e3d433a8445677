"""What a baseline is trained with: the action in its loss, or cross-entropy alone."""

from __future__ import annotations

from small_work import TRAINING, candidate, work

from minas import baselines
from minas.baselines import Baseline, both_ways
from minas.errors import UsageError
from minas.evaluation.evaluate import evaluate

CHAIN = baselines.find("vision", "chain w8")
PAIR = {baseline.name: baseline for baseline in both_ways(CHAIN)}


def test_both_ways_are_one_network_with_and_without_the_action_in_its_loss() -> None:
    first, second = both_ways(CHAIN)
    assert first is CHAIN
    assert first.action
    assert (second.name, second.action) == ("chain w8 without action", False)
    assert (second.build, second.source) == (first.build, first.source)


def test_without_action_is_what_a_lambda_of_0_gives_and_with_it_is_not(tmp_path, monkeypatch) -> None:
    def found(domain: str, name: str) -> Baseline:
        if name not in PAIR:
            raise UsageError(name)
        return PAIR[name]

    monkeypatch.setattr(baselines, "find", found)

    def error_and_action(name: str, lambda_: float) -> tuple[float | None, float]:
        folder = tmp_path / f"{name}{lambda_}"
        folder.mkdir()
        asked = candidate(role="baseline", key=f"baseline:{name}", architecture=None, baseline=name, epochs=2)
        trial = evaluate(work(folder, training={**TRAINING, "lambda": lambda_}), asked)
        assert trial.status == "complete", trial.reason
        action = trial.measures["action"]
        assert action is not None
        return trial.measures["error"], action

    without = error_and_action("chain w8 without action", 1e-2)
    assert without == error_and_action("chain w8", 0.0)
    assert error_and_action("chain w8", 1e-2)[1] < without[1]
