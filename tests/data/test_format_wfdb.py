"""WFDB records, written by wfdb as PhysioNet's are; and headers that name what they must not."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minas
from minas.data import formats
from minas.errors import DataError, MissingExtraError

wfdb = pytest.importorskip("wfdb")

PLAIN = formats.Options()
RATE, LENGTH = 100, 800
EVENTS = ((100, "left"), (200, "right"), (400, "left"), (550, "right"))


def traces(channels: int = 2, length: int = LENGTH) -> np.ndarray:
    return np.sin(np.arange(length)[:, None] / (3 + np.arange(channels))) + np.arange(channels)


def written(
    folder: Path,
    name: str = "a",
    events: Sequence[tuple[int, str]] = (),
    *,
    values: np.ndarray | None = None,
    fmt: str = "16",
    symbols: bool = False,
    ending: str = "atr",
    comments: Sequence[str] = (),
    rate: float = RATE,
) -> Path:
    """Write a record, with annotations that are notes, or symbols of heartbeats, where there are events."""
    folder.mkdir(exist_ok=True)
    values = traces() if values is None else values
    channels = values.shape[1]
    wfdb.wrsamp(
        name,
        fs=rate,
        units=["mV"] * channels,
        sig_name=[f"lead {channel}" for channel in range(channels)],
        p_signal=values,
        fmt=[fmt] * channels,
        comments=list(comments),
        write_dir=str(folder),
    )
    if events:
        texts = [text for _, text in events]
        told = {"symbol": texts} if symbols else {"symbol": ["+"] * len(events), "aux_note": texts}
        wfdb.wrann(name, ending, np.array([place for place, _ in events]), write_dir=str(folder), **told)
    return folder


@pytest.mark.parametrize(("fmt", "close"), [("16", 1e-3), ("212", 2e-3), ("24", 1e-5), ("32", 1e-6), ("80", 0.02)])
def test_a_sample_begins_at_each_annotation_in_every_format(tmp_path: Path, fmt: str, close: float) -> None:
    found = formats.read(written(tmp_path, events=EVENTS, fmt=fmt), "signal", PLAIN)
    assert found.classes == ("left", "right")
    assert found.train.targets.tolist() == [0, 1, 0, 1]
    assert found.train.inputs.shape == (4, 2, 100), "as long as the smallest distance"
    for sample, (first, _) in zip(found.train.inputs, EVENTS, strict=True):
        np.testing.assert_allclose(sample, traces()[first : first + 100].T, atol=close)
    assert found.train.groups is None


def test_a_heartbeat_has_a_window_around_it_and_other_marks_are_no_beats(tmp_path: Path) -> None:
    events = [(10, "N"), (100, "+"), (110, "N"), (115, "~"), (200, "V"), (300, "N"), (790, "V")]
    found = formats.read(written(tmp_path, events=events, symbols=True), "signal", PLAIN)
    assert found.classes == ("N", "V")
    assert found.train.targets.tolist() == [0, 1, 0], "the first and the last have no whole window"
    assert found.train.inputs.shape == (3, 2, 75)
    np.testing.assert_allclose(found.train.inputs[0], traces()[85:160].T, atol=1e-3)


def test_a_missing_value_lies_between_its_neighbours(tmp_path: Path) -> None:
    values = traces()
    values[120, 0] = np.nan
    found = formats.read(written(tmp_path, events=EVENTS, values=values), "signal", PLAIN)
    np.testing.assert_allclose(found.train.inputs[0, 0, 20], (values[119, 0] + values[121, 0]) / 2, atol=1e-3)


def test_records_are_subjects_unless_headers_name_them(tmp_path: Path) -> None:
    for name in "abc":
        written(tmp_path / "records", name, EVENTS)
        written(tmp_path / "named", name, EVENTS, comments=[f"subject: {'ann' if name == 'b' else 'bob'}"])
    for folder, expected in (("records", {"a", "b", "c"}), ("named", {"ann", "bob"})):
        found = formats.read(tmp_path / folder, "signal", PLAIN)
        assert found.train.groups is not None
        assert set(found.train.groups.tolist()) == expected


def test_a_record_is_a_sample_with_its_class_in_the_header(tmp_path: Path) -> None:
    for number, label in enumerate(("sick", "well", "sick")):
        comments = [f"age: {number}", f"Reason for admission: {label}"]
        written(tmp_path / f"patient{number // 2}", f"r{number}", comments=comments, values=traces(length=300 - 50 * number))
    found = formats.read(tmp_path, "signal", PLAIN)
    assert found.classes == ("sick", "well")
    assert found.train.targets.tolist() == [0, 1, 0]
    assert found.train.inputs.shape == (3, 2, 300)
    np.testing.assert_allclose(found.train.inputs[2, :, 250], traces()[199], atol=1e-3)
    assert found.train.groups is not None
    assert found.train.groups.tolist() == ["patient0", "patient0", "patient1"]


def test_a_record_is_a_sample_of_its_folders_class(tmp_path: Path) -> None:
    for label in ("sick", "well"):
        for number in range(2):
            written(tmp_path / label, f"{label}{number}")
    found = formats.read(tmp_path, "signal", PLAIN)
    assert found.classes == ("sick", "well")
    assert found.train.groups is not None
    assert found.train.groups.tolist() == ["sick0", "sick1", "well0", "well1"]


def test_a_list_says_which_records_count(tmp_path: Path) -> None:
    for name in "ab":
        written(tmp_path / "inner", name, EVENTS)
    (tmp_path / "RECORDS").write_text("inner/b\n")
    assert len(formats.read(tmp_path, "signal", PLAIN).train) == 4
    for name in ("../b", "/etc/b", "inner/../b", "https://example.org/b", "s3:b", "inner//b"):
        (tmp_path / "RECORDS").write_text(f"inner/b\n{name}\n")
        with pytest.raises(DataError, match=r"RECORDS, line 2: .*expected a record's name"):
            formats.read(tmp_path, "signal", PLAIN)
    (tmp_path / "RECORDS").write_text("inner/c\n")
    with pytest.raises(DataError, match=r"c\.hea: not a file"):
        formats.read(tmp_path, "signal", PLAIN)
    (tmp_path / "RECORDS").write_text("\n")
    with pytest.raises(DataError, match="an empty list"):
        formats.read(tmp_path, "signal", PLAIN)


def test_what_has_no_class_or_differs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.hea: no class; expected annotations"):
        formats.read(written(tmp_path / "1"), "signal", PLAIN)
    written(tmp_path / "2", "a", EVENTS)
    with pytest.raises(DataError, match=r"b\.hea: no annotations beside it"):
        formats.read(written(tmp_path / "2", "b"), "signal", PLAIN)
    written(tmp_path / "3", "a", EVENTS)
    with pytest.raises(DataError, match=r"b\.hea: channels .* as in a\.hea"):
        formats.read(written(tmp_path / "3", "b", EVENTS, values=traces(3)), "signal", PLAIN)
    written(tmp_path / "4", "a", EVENTS)
    with pytest.raises(DataError, match=r"b\.hea: points of time a second 50.0; expected 100.0"):
        formats.read(written(tmp_path / "4", "b", EVENTS, rate=50), "signal", PLAIN)


@pytest.mark.parametrize(
    "name",
    [
        "https://example.org/a.dat", "s3://bucket/a.dat", "memory://a.dat", "file:///etc/passwd", "/etc/passwd", "../a.dat",
        "inner/a.dat", "..", "zip::a.dat", "simplecache::a.dat", "~",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused_before_they_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    header = written(tmp_path / "folder", events=EVENTS) / "a.hea"
    (tmp_path / "a.dat").write_bytes(bytes(10_000))
    header.write_text(header.read_text().replace("a.dat", name))
    monkeypatch.setattr(wfdb, "rdrecord", lambda *_: pytest.fail("opened"))
    with pytest.raises(DataError, match=r"a\.hea: "):
        formats.read(tmp_path / "folder", "signal", PLAIN)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (" 800", " 80000000000", "values; expected at most"),
        (" 800", " 900", r"a\.dat: 3,200 bytes; expected 3,600"),
        (" 800", "", "expected a record's name, its signals, rate and points"),
        ("a 2 100", "a 2 -1", "expected a record's name, its signals, rate and points"),
        ("a 2 100", "a 3 100", "a line for each signal|can't be read"),
        ("a 2 100", "a/2 2 100", "several segments|can't be read"),
        ("a.dat 16", "a.dat 61", "format 16, 61; expected one of 16, 212"),
        ("a.dat 16", "a.dat 16x2", "signals of several rates"),
        ("a.dat 16", "a.dat 16:3", "or shifted ones"),
        ("a.dat 16", "a.dat 16+99", r"a\.dat: 3,200 bytes; expected 3,299"),
    ],
)
def test_headers_that_say_what_is_not_there_are_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    header = written(tmp_path, events=EVENTS) / "a.hea"
    assert before in header.read_text()
    header.write_text(header.read_text().replace(before, after, 1))
    with pytest.raises(DataError, match=message):
        formats.read(tmp_path, "signal", PLAIN)


def test_links_and_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "folder", events=EVENTS)
    (folder / "a.dat").rename(tmp_path / "a.dat")
    (folder / "a.dat").symlink_to(tmp_path / "a.dat")
    with pytest.raises(DataError, match="a link out of"):
        formats.read(folder, "signal", PLAIN)
    named = written(tmp_path / "memory::x", events=EVENTS)
    with pytest.raises(DataError, match="no :: in its path"):
        formats.read(named, "signal", PLAIN)


def test_without_wfdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = written(tmp_path, events=EVENTS), builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "wfdb":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtraError, match=r"reading WFDB records needs the package wfdb: pip install 'minas\[wfdb\]'"):
        formats.read(path, "signal", PLAIN)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["a.hea", "a.dat", "a.atr"])
@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_records_are_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    file = written(tmp_path, events=EVENTS) / name
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        assert np.isfinite(formats.read(tmp_path, "signal", PLAIN).train.inputs).all()


@pytest.mark.slow
def test_a_search_on_records(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(6):
        values = rng.normal(size=(2000, 2))
        events = [(place, "NV"[place // 100 % 2]) for place in range(50, 1900, 100)]
        for place, label in events:
            values[place - 5 : place + 5] += 4 if label == "V" else -4
        written(tmp_path / "data", f"r{number}", events, values=values, symbols=True)
    run = minas.search(
        "physiological", data=tmp_path / "data", trials=4, out=tmp_path / "run", population=4, window=2, epochs=2, members=1,
        confirmation_epochs=2, confirmation_seeds=2,
    )  # fmt: skip
    assert run.configuration.task.shape == (2, 75)
    assert run.configuration.task.classes == ("N", "V")
    assert len(run.front) >= 1
