"""A table of architectures as a space: it keeps to its rows, and nothing in a file is trusted."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import small_tables as tables
from hypothesis import given
from hypothesis import strategies as st

from minas import config, spaces
from minas.errors import ArchitectureError, DataError, UsageError
from minas.spaces import _table_file, table

OBJECTIVES = ("100-accuracy", "cost")


def opened(path, *, code="code", objectives=OBJECTIVES, classes=None):
    return spaces.open_space(table.describe(str(path), code=code, objectives=objectives, classes=classes))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def whole(folder):
    return opened(tables.write(folder / "whole.csv.gz"))


HOLES = tuple(code for code in tables.codes() if code[2] == "1" or code == "053")


@pytest.fixture(scope="module")
def holed(folder):
    return opened(tables.write(folder / "holed.csv", tables.text(HOLES)))


def code_of(space, architecture):
    return space.dump(architecture)["code"]


def test_levels_are_those_of_the_data_and_codes_keep_their_zeros(whole, holed):
    assert whole.levels == tables.DIGITS
    assert holed.levels == ("012", "05", "023")
    assert (whole.name, whole.domain) == ("whole", "table")
    assert code_of(whole, whole.load({"code": "000"})) == "000"


def test_figures_are_looked_up_and_an_accuracy_becomes_an_error(whole):
    for code in ("000", "252", "203"):
        found = whole.look_up(whole.load({"code": code}))
        assert found == {
            "100-accuracy": pytest.approx(100 - tables.accuracy(code)),
            "cost": 10 + sum(map(int, code)),
        }


@given(st.integers(0, 2**32))
def test_variation_stays_in_the_table_and_a_mutation_is_another_row(holed, seed):
    rng = np.random.default_rng(seed)
    first, second = holed.sample(rng), holed.sample(rng)
    for one in (first, second, holed.cross(first, second, rng), holed.mutate(first, rng)):
        assert code_of(holed, one) not in HOLES
        assert holed.load(json.loads(json.dumps(holed.dump(one)))) == one
    assert holed.mutate(first, rng) != first


def test_every_row_is_sampled_and_mutation_reaches_all_neighbours(holed):
    rng = np.random.default_rng(0)
    assert {code_of(holed, holed.sample(rng)) for _ in range(1000)} == set(tables.codes(HOLES))
    start = holed.load({"code": "050"})
    seen = {code_of(holed, holed.mutate(start, rng)) for _ in range(300)}
    assert {"000", "150", "250", "052"} <= seen
    assert {code_of(holed, one) for one in holed.neighbours(start)} == {"000", "150", "250", "052"}


def test_a_child_that_is_missing_becomes_one_of_the_nearest_rows(folder):
    sparse = opened(tables.write(folder / "sparse.csv", "code,accuracy,cost\n00,1,1\n11,2,2\n12,3,3\n"))
    rng = np.random.default_rng(0)
    first, second = sparse.load({"code": "00"}), sparse.load({"code": "12"})
    assert {code_of(sparse, sparse.cross(first, second, rng)) for _ in range(60)} == {"00", "11", "12"}
    assert {code_of(sparse, sparse.mutate(first, rng)) for _ in range(60)} == {"11", "12"}  # two genes away: no row is nearer


def test_one_class_is_one_key_and_its_members_are_no_neighbours(folder, whole):
    grouped = opened(tables.write(folder / "grouped.csv"), classes="kind")
    keys = [grouped.key(grouped.load({"code": code})) for code in ("000", "050", "001", "100")]
    assert keys == ["000", "000", "001", "100"]
    assert len({grouped.key(grouped.load({"code": code})) for code in tables.codes()}) == 12
    assert len({whole.key(whole.load({"code": code})) for code in tables.codes()}) == 24
    own = grouped.load({"code": "000"})
    assert {code_of(grouped, one) for one in grouped.neighbours(own)} == {"100", "200", "001", "002", "003"}


def test_a_long_code_has_a_name_whose_start_tells_it_apart(folder):
    rows = "".join(f"{'0' * 9}{number:03},{number},1\n" for number in range(30))
    space = opened(tables.write(folder / "long.csv", "code,accuracy,cost\n" + rows), objectives=("accuracy",))
    keys = {space.key(space.sample(np.random.default_rng(seed))) for seed in range(200)}
    assert len({key[:8] for key in keys}) == 30


def test_a_single_row_is_all_there_is(folder):
    space = opened(tables.write(folder / "one.csv", "code,cost,accuracy\n7,1,2\n"))
    rng = np.random.default_rng(0)
    only = space.sample(rng)
    assert space.mutate(only, rng) == space.cross(only, only, rng) == only
    assert list(space.neighbours(only)) == []


def test_a_missing_figure_is_unavailable_and_never_a_number(folder):
    rows = "code,accuracy,cost\n0,90,1\n1,,2\n2,nan,3\n3,inf,4\n"
    space = opened(tables.write(folder / "gaps.csv", rows))
    found = [space.look_up(space.load({"code": code}))["100-accuracy"] for code in "0123"]
    assert found == [10.0, None, None, None]


@pytest.mark.parametrize("dumped", [{}, {"code": 0}, {"code": "0"}, {"code": "0000"}, {"code": "001"}, {"code": "09²"}])
def test_what_does_not_stand_in_the_table_is_no_architecture(holed, dumped):
    with pytest.raises(ArchitectureError):
        holed.load(dumped)


def test_a_row_has_no_network(whole):
    with pytest.raises(ArchitectureError, match="no network"):
        whole.build(whole.load({"code": "000"}), None, 0)


def test_a_document_says_all_and_survives_being_written(whole, folder):
    document = table.describe(str(folder / "whole.csv.gz"), code="code", objectives=OBJECTIVES)
    assert document.values["table"]["file"] == str((folder / "whole.csv.gz").resolve())
    again = spaces.open_space(config.parse(config.dumps(document.values), source="again"))
    assert again.rows.codes == whole.rows.codes
    assert (again.rows.values == whole.rows.values).all()


def test_a_changed_table_is_refused(folder):
    path = tables.write(folder / "changing.csv")
    document = table.describe(str(path), code="code", objectives=OBJECTIVES)
    spaces.open_space(document)
    path.write_text(path.read_text().replace("100.0,", "99.0,"))
    with pytest.raises(UsageError, match=r"changing.csv has changed"):
        spaces.open_space(document)


def test_a_column_with_a_dash_in_its_name_is_taken_as_it_is(folder):
    path = tables.write(folder / "dash.csv", "code,100-x,x\n0,1,30\n1,2,40\n")
    space = opened(path, objectives=("100-x", "x"))
    assert space.look_up(space.load({"code": "0"})) == {"100-x": 1.0, "x": 30.0}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "no column named 'code'"),
        ("code,accuracy,cost\n", "no rows"),
        ("code,accuracy,cost\n01,5\n", "line 2: 2 fields; expected 3"),
        ("code,accuracy,cost\n01,5,1\n001,5,1\n", "line 3: the code 001 has 3 digits, those before it 2"),
        ("code,accuracy,cost\n01,5,1\n01,5,1\n", "line 3: the code 01 stands in line 2 already"),
        ("code,accuracy,cost\nx1,5,1\n", "'x1'; expected a code of digits"),
        ("code,accuracy,cost\n²,5,1\n", "expected a code of digits"),
        ("code,accuracy,cost\n01,five,1\n", "line 2: 'accuracy' is 'five'; expected a number"),
        ("code,accuracy,cost,cost\n01,5,1,1\n", "2 columns are named 'cost'"),
        ('code,accuracy,cost\n"01,5,1\n', "expected comma-separated values"),
        ("code,accuracy,cost\n" + "0" * 300 + ",5,1\n", "at most 256"),
        ("code,acuracy,cost\n01,5,1\n", "no column named 'accuracy'; did you mean 'acuracy'"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path, content, expected):
    with pytest.raises((DataError, UsageError), match=r"t\.csv") as caught:
        opened(tables.write(tmp_path / "t.csv", content))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"\x1f\x8b\x08 no gzip", gzip.compress(tables.text().encode(), mtime=0)[:60]]
)
def test_bytes_that_are_no_table_are_refused_in_words(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"t\.csv: .*expected"):
        opened(tmp_path / "t.csv")


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_table_file, "LARGEST_FILE", 10_000)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"code,accuracy,cost\n" + b"0" * 50_000))
    with pytest.raises(DataError, match="more than 10,000 bytes"):
        opened(path)
    path.write_bytes(b"0" * 50_000)
    with pytest.raises(DataError, match="more than 10,000 bytes"):
        opened(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.csv: can't be read"):
        opened(tmp_path / "nothing.csv")
