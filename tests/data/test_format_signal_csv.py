"""The reader of tables of signals."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.data import formats
from minas.errors import DataError

PLAIN = formats.Options()
SIGNALS = np.arange(4 * 2 * 3, dtype=float).reshape(4, 2, 3) / 4
LABELS = ["rest", "move", "rest", "move"]


def long(extra: str = "", values: tuple[str, ...] = ("",) * 4, separator: str = ",") -> str:
    rows = [f"Trial,Time,Channel,Value,Label{extra}"]
    for trial in (2, 0, 3, 1):  # in no order
        for time in (2, 0, 1):
            for channel, name in enumerate(("C3", "C4")):
                rows.append(f"t{trial},{time / 10},{name},{SIGNALS[trial, channel, time]},{LABELS[trial]}{values[trial]}")
    return "\n".join(rows).replace(",", separator) + "\n"


def wide() -> str:
    rows = ["trial,time,C3,C4,label"]
    for trial in range(4):
        rows += [f"t{trial},{time},{SIGNALS[trial, 0, time]},{SIGNALS[trial, 1, time]},{LABELS[trial]}" for time in range(3)]
    return "\n".join(rows) + "\n"


def read(folder: Path, text: str, encoding: str = "utf-8") -> formats.Raw:
    path = folder / "signals.csv"
    path.write_text(text, encoding=encoding)
    return formats.read(path, "signal", PLAIN)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_row_a_value(tmp_path: Path, separator: str) -> None:
    found = read(tmp_path, long(separator=separator), "utf-8-sig")
    np.testing.assert_array_equal(found.train.inputs, SIGNALS[[2, 0, 3, 1]])
    assert found.classes == ("move", "rest")
    assert found.train.targets.tolist() == [1, 1, 0, 0]


def test_a_row_a_point_of_time(tmp_path: Path) -> None:
    found = read(tmp_path, wide())
    np.testing.assert_array_equal(found.train.inputs, SIGNALS)
    assert found.train.targets.tolist() == [1, 0, 1, 0]
    assert found.train.groups is None


def test_parts_and_subjects(tmp_path: Path) -> None:
    found = read(tmp_path, long(",Part", (",train", ",train", ",test", ",test")))
    assert (len(found.train), len(found.test or ())) == (2, 2)
    found = read(tmp_path, long(",subject", (",ann", ",bob", ",bob", ",ann")))
    assert found.train.groups is not None
    assert found.train.groups.tolist() == ["bob", "ann", "ann", "bob"]


def test_each_subject_may_count_its_own_trials(tmp_path: Path) -> None:
    rows = [f"1,{time},{value},{who},{label}" for who, value, label in (("a", 1, "x"), ("b", 2, "y")) for time in (0, 1)]
    found = read(tmp_path, "trial,time,emg,user,label\n" + "\n".join(rows) + "\n")
    assert found.train.inputs.tolist() == [[[1, 1]], [[2, 2]]]
    assert found.train.groups is not None
    assert found.train.groups.tolist() == ["a", "b"]


@pytest.mark.parametrize("gap", ["", "?", "NaN", " na "])
def test_missing_values_lie_between_their_neighbours(tmp_path: Path, gap: str) -> None:
    found = read(tmp_path, wide().replace("t1,1,1.75", f"t1,1,{gap}").replace("t2,0,3.0", f"t2,0,{gap}"))
    expected = SIGNALS.copy()
    expected[1, 0, 1] = (SIGNALS[1, 0, 0] + SIGNALS[1, 0, 2]) / 2
    expected[2, 0, 0] = SIGNALS[2, 0, 1]
    np.testing.assert_allclose(found.train.inputs, expected)


def test_shorter_trials_stay_at_their_last_values(tmp_path: Path) -> None:
    found = read(
        tmp_path, "\n".join(row for row in wide().splitlines() if not row.startswith(("t1,2", "t3,1", "t3,2"))) + "\n"
    )
    expected = SIGNALS.copy()
    expected[1, :, 2] = SIGNALS[1, :, 1]
    expected[3, :, 1:] = SIGNALS[3, :, :1]
    np.testing.assert_allclose(found.train.inputs, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (wide().replace("label", "remark"), "expected one named label beside trial and time"),
        (wide().replace("C4", "C3"), "two columns named 'c3'"),
        (long().replace("Value", "Amplitude"), "expected channel and value, or one column for each channel"),
        (wide().replace("t1,1,1.75", "t1,1,much"), "line 6: 'much'; expected a number"),
        (wide().replace("t1,1,1.75", "t1,,1.75"), "line 6: ''; expected a number"),
        (
            wide().replace("trial", "\ufeff\ufefftrial"),
            "expected one named label beside trial and time|not a file that can be read",
        ),
        (long(values=("", "", "", "")).replace("t1,0.0,C4", "t1,0.3,C5"), "expected at least one: leave the sample out"),
        (wide().replace("t1,1,", "t1,0,"), "trial t1: two values of channel c3 at one time"),
        (wide().replace("t1,1,1.75,2.5,move", "t1,1,1.75,2.5,rest"), "line 6: another label or part than earlier in trial t1"),
        (wide().replace("t1,1,1.75,", "t1,1,"), "line 6: 4 columns; expected 5"),
        (long(",split", (",train", ",holdout", ",test", ",test")), "the part 'holdout'; expected train, validation or test"),
        (long(",split", (",test",) * 4), "no trial of the part train"),
        ("trial,time,c3,label\n", "no rows"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, text)
    assert "signals.csv" in str(caught.value)


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_tables_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(long(",subject", (",ann", ",bob", ",bob", ",ann")).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert np.isfinite(formats.read(path, "signal", PLAIN).train.inputs).all()
