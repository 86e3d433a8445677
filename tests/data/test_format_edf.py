"""EDF and BDF recordings, written by edfio as recorders write them."""

from __future__ import annotations

import builtins
import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.data import formats
from minas.errors import DataError, MissingExtraError

edfio = pytest.importorskip("edfio")

PLAIN = formats.Options()
RATE = 64
EVENTS = ((1.0, 0.5, "left"), (2.0, 0.5, "right"), (4.0, 0.75, "left"), (5.5, 0.5, "right"))


def trace(channel: int) -> np.ndarray:
    return np.sin(np.arange(8 * RATE) / (3 + channel)) * (100 + channel)


def written(
    path: Path, events: Any = EVENTS, *, rates: tuple[int, ...] = (RATE, RATE), code: str = "X", bdf: bool = False
) -> Path:
    signal, kind = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    traces = [
        signal(np.resize(trace(channel), 8 * rate), rate, label=f"EEG {channel}", physical_range=(-200, 200))
        for channel, rate in enumerate(rates)
    ]
    annotations = [edfio.EdfAnnotation(*event) for event in events]
    kind(traces, patient=edfio.Patient(code=code), annotations=annotations).write(path)
    return path


@pytest.mark.parametrize("bdf", [False, True])
def test_a_sample_begins_at_each_event_and_lasts_as_long_as_the_shortest(tmp_path: Path, bdf: bool) -> None:
    found = formats.read(written(tmp_path / "a.dat", bdf=bdf), "signal", PLAIN)
    assert found.classes == ("left", "right")
    assert found.train.targets.tolist() == [0, 1, 0, 1]
    assert found.train.inputs.shape == (4, 2, RATE // 2)
    for sample, (onset, _, _) in zip(found.train.inputs, EVENTS, strict=True):
        first = round(onset * RATE)
        for channel in range(2):
            np.testing.assert_allclose(sample[channel], trace(channel)[first : first + RATE // 2], atol=0.01)
    assert found.train.groups is None


def test_events_without_a_length_last_until_the_next(tmp_path: Path) -> None:
    events = [(onset, None, text) for onset, _, text in EVENTS]
    assert formats.read(written(tmp_path / "a.edf", events), "signal", PLAIN).train.inputs.shape == (4, 2, RATE)


@pytest.mark.parametrize(("codes", "expected"), [(("ann", "bob", "ann"), 2), (("X", "X", "X"), 3)])
def test_a_folder_keeps_patients_apart(tmp_path: Path, codes: tuple[str, ...], expected: int) -> None:
    for number, code in enumerate(codes):
        written(tmp_path / f"{number}.edf", code=code)
    found = formats.read(tmp_path, "signal", PLAIN)
    assert len(found.train) == 12
    assert found.train.groups is not None
    assert len(set(found.train.groups.tolist())) == expected


def test_what_can_not_be_cut_into_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no events; expected annotations"):
        formats.read(written(tmp_path / "a.edf", ()), "signal", PLAIN)
    with pytest.raises(DataError, match="signals of 32, 64 Hz; expected signals of one rate"):
        formats.read(written(tmp_path / "a.edf", rates=(64, 32)), "signal", PLAIN)
    written(tmp_path / "a.edf")
    written(tmp_path / "b.edf", rates=(RATE, RATE, RATE))
    with pytest.raises(DataError, match=r"b.edf: channels .* as in a.edf"):
        formats.read(tmp_path, "signal", PLAIN)


def test_a_recording_that_ends_early_is_refused(tmp_path: Path) -> None:
    content = written(tmp_path / "a.edf").read_bytes()
    (tmp_path / "a.edf").write_bytes(content[:-100])
    with pytest.raises(DataError, match="can't be read, Incomplete data record"):
        formats.read(tmp_path / "a.edf", "signal", PLAIN)


def test_without_edfio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = written(tmp_path / "a.edf"), builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "edfio":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(
        MissingExtraError, match=r"reading EDF and BDF files needs the package edfio: pip install 'minas\[edf\]'"
    ):
        formats.read(path, "signal", PLAIN)


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_recordings_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(written(tmp_path / "whole.dat").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(8, 1200))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path / "broken.dat"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert np.isfinite(formats.read(path, "signal", PLAIN).train.inputs).all()
