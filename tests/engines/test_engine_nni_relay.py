"""The coordinating process's end of NNI, with a program in NNI's place that can go wrong in every way."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas.engines import ENGINES, _nni_keeper, _nni_messages, _nni_relay
from minas.engines._process import BrokenWorkerError
from minas.errors import DataError, MinasError, MissingExtraError, UsageError
from minas.trial import Candidate, Cost, Status, Trial

LONG = 30.0


def candidate(number: int, key: str = "ok") -> Candidate:
    return Candidate(role="search", number=number, key=key, architecture={"a": [1]}, seed=2**62 + number, epochs=1)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(_nni_keeper, "EXPERIMENT", "fake_nni")
    monkeypatch.setattr(_nni_relay, "GRACE", 0.3)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    engines: list[Any] = []

    def make(workers: int = 1, *, mute: bool = False, **options: str) -> Any:
        work = json.dumps({"folder": str(tmp_path), "mute": mute})
        engines.append(ENGINES.get("nni").start(work, workers, options=options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def submit(engine: Any, *keys: str) -> list[Future[Trial]]:
    return [engine.submit(candidate(number, key), timeout=LONG) for number, key in enumerate(keys)]


def log(folder: Path, what: str) -> list[int]:
    rows = [line.split() for line in (folder / "log").read_text().splitlines()]
    return [int(number) for kind, number in rows if kind == what]


def test_trials_come_back_as_they_were(start, tmp_path) -> None:
    trials = [future.result(LONG) for future in submit(start(workers=2), *["ok"] * 5)]
    assert [trial.candidate for trial in trials] == [candidate(number) for number in range(5)]
    assert {trial.measures["error"] for trial in trials} == {0.1 + 0.2}
    assert {trial.attempts for trial in trials} == {1}


def test_an_experiment_that_breaks_is_replaced_and_gets_what_was_not_finished(start, tmp_path) -> None:
    trials = [future.result(LONG) for future in submit(start(), "ok", "break-once", "ok")]
    assert {(trial.status, trial.attempts) for trial in trials} == {(Status.COMPLETE, 1)}, "no candidate was at fault"
    assert len(log(tmp_path, "experiment")) == 2
    assert log(tmp_path, "candidate") == [0, 1, 1, 2], "what had finished is not worked on again"


def test_an_experiment_whose_process_is_killed_is_replaced(start, tmp_path) -> None:
    engine = start()
    submit(engine, "ok")[0].result(LONG)
    os.kill(log(tmp_path, "experiment")[0], signal.SIGKILL)
    assert engine.submit(candidate(1), timeout=LONG).result(LONG).status is Status.COMPLETE


def test_an_experiment_that_breaks_again_and_again_ends_the_run(start, tmp_path) -> None:
    engine = start()
    with pytest.raises(MinasError, match=r"NNI broke 3 times in a row: NNI's manager ended \(exit code -9\)"):
        submit(engine, "break")[0].result(LONG)
    with pytest.raises(MinasError, match="NNI broke 3 times in a row"):
        engine.submit(candidate(1), timeout=LONG).result(LONG)


@pytest.mark.parametrize(("key", "reason"), [("silent", "NNI's trial ended without a result"), ("damaged", "is damaged")])
def test_a_trial_without_a_result_is_tried_again(start, tmp_path, key: str, reason: str) -> None:
    trial = submit(start(), key)[0].result(LONG)
    assert (trial.status, trial.attempts) == (Status.FAILED, 2)
    assert reason in str(trial.reason)
    assert log(tmp_path, "candidate") == [0, 0]


def test_a_result_may_come_after_the_end_of_its_trial(start) -> None:
    trial = submit(start(), "late")[0].result(LONG)
    assert (trial.status, trial.attempts) == (Status.COMPLETE, 1)


def test_a_trial_that_never_took_its_candidate_costs_a_new_experiment(start, tmp_path) -> None:
    with pytest.raises(MinasError, match="NNI broke 3 times in a row"):
        submit(start(), "lost")[0].result(LONG)
    assert len(log(tmp_path, "experiment")) == 3


def test_a_file_that_nni_does_not_take_is_refused_at_once(start, tmp_path) -> None:
    with pytest.raises(UsageError, match=r"mine\.yml: NNI does not take it: no such field"):
        start(config="mine.yml")
    assert list(tmp_path.glob("minas-nni-*")) == []


def test_who_does_not_know_the_token_is_not_heard(start, tmp_path) -> None:
    engine = start(mute=True)
    waiting = submit(engine, "ok")[0]
    folder = next(tmp_path.glob("minas-nni-*"))
    assert folder.stat().st_mode & 0o077 == 0
    deadline = time.monotonic() + LONG
    while not (tmp_path / "log").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    place = json.loads((folder / "place.json").read_text())
    outcome = {"job": "x", "candidate": 0, "outcome": _nni_messages.outcome_to_text(RuntimeError("forged"))}
    for token, heard in [("guessed", False), (place["token"], True)]:
        with socket.create_connection(("127.0.0.1", place["port"])) as stranger:
            stranger.sendall(b"".join(json.dumps(line).encode() + b"\n" for line in ({"token": token}, outcome)))
            assert bool(stranger.recv(1000)) is heard
    with pytest.raises(RuntimeError, match="forged"):
        waiting.result(LONG)


def test_closing_cancels_what_is_left_and_leaves_nothing_behind(start, tmp_path) -> None:
    before = threading.active_count()
    engine = start(workers=2)
    done, *_ = submit(engine, "ok")
    done.result(LONG)
    os.kill(process := log(tmp_path, "experiment")[0], signal.SIGSTOP)
    futures = submit(engine, "ok", "ok", "ok")
    os.kill(process, signal.SIGCONT)
    engine.close()
    for future in futures:
        assert future.cancelled() or future.result(1).status is Status.COMPLETE
    with pytest.raises(CancelledError):
        engine.submit(candidate(9), timeout=LONG).result(1)
    assert not Path(f"/proc/{process}").exists()
    assert list(tmp_path.glob("minas-nni-*")) == []
    assert threading.active_count() <= before


def test_without_nni_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"the engine 'nni' needs the package nni: pip install 'minas\[nni\]'"):
        ENGINES.get("nni").start("{}", 1)


TEXTS = st.text(max_size=20) | st.sampled_from(["# no comment", "http://x//y", '"#"', "a\u2028b", "\\u0023"])
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CANDIDATES = st.builds(
    Candidate,
    role=st.sampled_from(["initial", "search", "control", "baseline", "confirmation"]),
    number=st.integers(0, 2**40),
    key=TEXTS,
    architecture=st.none() | st.dictionaries(TEXTS, JSONS, max_size=4),
    baseline=st.none() | TEXTS,
    seed=st.integers(-(2**63), 2**63 - 1),
    epochs=st.integers(0, 99),
    part=st.sampled_from(["validation", "test"]),
    parents=st.lists(TEXTS, max_size=2).map(tuple),
)
POSITIVE = st.floats(0, 1e300)
TRIALS = st.builds(
    Trial,
    candidate=CANDIDATES,
    status=st.sampled_from(Status),
    reason=st.none() | TEXTS,
    measures=st.dictionaries(TEXTS, st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=5),
    reasons=st.dictionaries(TEXTS, TEXTS, max_size=3),
    cost=st.builds(Cost, **dict.fromkeys(("seconds", "cpu_seconds", "training_macs"), POSITIVE)),
)


@given(CANDIDATES)
def test_candidates_pass_unchanged_and_without_what_nni_takes_for_comments(one: Candidate) -> None:
    text = _nni_messages.candidate_to_text(one)
    assert not set(text) & {"#", "/"}
    assert _nni_messages.candidate_from_text(text) == one


@given(TRIALS)
def test_trials_pass_unchanged_and_the_portal_gets_numbers(trial: Trial) -> None:
    reported = _nni_messages.metric(trial)
    text = reported.pop("outcome")
    assert not set(text) & {"#", "/"}
    assert _nni_messages.outcome_from_text(text, trial.candidate) == trial
    assert reported["default"] == (trial.measures.get("error") if trial.measures.get("error") is not None else 1.0)
    assert all(isinstance(value, float) for value in reported.values())


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (DataError("digits.csv: not there"), DataError, r"digits\.csv: not there"),
        (MissingExtraError("h5py", "hdf5", "reading"), MinasError, "reading needs the package h5py"),
        (MemoryError("12 GB"), MemoryError, "12 GB"),
        (BrokenWorkerError("the worker died (exit code -9)"), BrokenWorkerError, "the worker died"),
        (OSError("no space"), BrokenWorkerError, r"the worker broke \(OSError: no space\)"),
        (RuntimeError("a worker failed:\n# x"), RuntimeError, "a worker failed:\n# x"),
    ],
)
def test_errors_come_back_as_what_they_are(error: Exception, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        _nni_messages.outcome_from_text(_nni_messages.outcome_to_text(error), candidate(0))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"trial": 1}',
        '{"trial": {"status": "odd", "cost": {}}}',
        '{"trial": {"status": "complete", "cost": {"seconds": -1}}}',
        '{"trial": {"status": "complete", "cost": {}, "measures": {"error": "0"}}}',
        '{"trial": {"status": "complete", "cost": {}, "module": "os"}}',
    ],
)
def test_damaged_answers_count_as_a_broken_worker(text: str) -> None:
    with pytest.raises(BrokenWorkerError, match="the answer of the worker is damaged"):
        _nni_messages.outcome_from_text(text, candidate(0))
