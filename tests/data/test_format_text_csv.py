"""Tables of texts: as people save them, and as nobody should."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from minas.data import formats
from minas.errors import DataError

PLAIN = formats.Options()


def _read(path):
    return formats.read(path, "text", PLAIN)


def _shown(pile, classes):
    return [(text, classes[target]) for text, target in zip(pile.inputs, pile.targets, strict=True)]


@pytest.fixture
def table(tmp_path):
    def write(content: str | bytes, name: str = "reviews.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        "text,label\nA fine film,good\n\"Dull, and \"\"long\"\"\nvery\",bad\n",
        "label;id;text\ngood;1;A fine film\nbad;2;\"Dull, and \"\"long\"\"\nvery\"\n",
        "id\tSentence\tSentiment\r\n1\tA fine film\tgood\r\n2\t\"Dull, and \"\"long\"\"\nvery\"\tbad\r\n\r\n",
        "\ufeffTEXT,Class\nA fine film,good\n\"Dull, and \"\"long\"\"\nvery\",bad",
        "what they said,label\nA fine film,good\n\"Dull, and \"\"long\"\"\nvery\",bad",
    ],
)  # fmt: skip
def test_a_table_is_read(table, content):
    found = _read(table(content))
    assert _shown(found.train, found.classes) == [("A fine film", "good"), ('Dull, and "long"\nvery', "bad")]
    assert found.classes == ("bad", "good")
    assert found.train.groups is None


def test_what_python_writes_is_read(table, tmp_path):
    rows = [("text", "label"), ('a, "b"\n c\t;', "x"), ("  ", "y"), ("日本語 😀", "x"), ("'", "y")]
    for delimiter in ",;\t":
        path = tmp_path / "t.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        found = _read(path)
        assert _shown(found.train, found.classes) == rows[1:]


def test_quotation_marks_may_be_letters_in_a_table_with_tabs(table):
    found = _read(table('text\tlabel\n"What a film\t1\nthe 6" tape\t0\n', "dev.tsv"))
    assert _shown(found.train, found.classes) == [('"What a film', "1"), ('the 6" tape', "0")]


def test_whole_numbers_are_classes_in_their_order(table):
    found = _read(table("text,stars\na,10\nb,9\nc,1\n"))
    assert found.classes == ("1", "9", "10")
    assert found.train.targets.tolist() == [2, 1, 0]


def test_labels_that_are_not_all_whole_numbers_from_0_are_names(table):
    assert _read(table("text,label\na,-1\nb,1\n")).classes == ("-1", "1")


def test_a_group_column_says_whose_a_text_is(table):
    found = _read(table("user,text,label\nann,a,0\nbob,b,1\nann,c,1\n"))
    assert found.train.groups.tolist() == ["ann", "bob", "ann"]


def test_parts_lie_in_a_folder(table, tmp_path):
    table("text,label\na,x\nb,y\n", "train.csv")
    table(gzip.compress(b"text,label\nc,y\n"), "dev.csv.gz")
    table("label,text\nx,d\n", "test.csv")
    table("nothing", "README.md")
    found = _read(tmp_path)
    assert [_shown(pile, found.classes) for pile in found.piles.values()] == [
        [("a", "x"), ("b", "y")],
        [("c", "y")],
        [("d", "x")],
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(table, encoding):
    found = _read(table("text,label\nschön und größer,gut\ntrès mauvais,übel\n".encode(encoding)))
    assert found.train.inputs.tolist() == ["schön und größer", "très mauvais"]
    assert set(found.classes) == {"gut", "übel"}


def test_a_table_is_known_by_its_first_line_whatever_its_name(table):
    assert len(_read(table("text,label\na,x\nb,y\n", "data.txt")).train) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"an empty file; expected text data"),
        ("\n\n", r"its first line is ''; expected the names of a text column \(text, "),
        ("a" * 200_000, r"its first line is 'a{100}'; expected the names of a text column"),
        ("a,b,c\n1,2,3\n", r"its first line is 'a,b,c'; expected the names of a text column"),
        ("text,label\n", r"no texts in the train part"),
        ("text,label\na,x\nb\n", r"text 2 has 1 cells, the first line 2; expected as many cells in each line"),
        ("text,label\na,x\nb,y,z\n", r"text 2 has 3 cells, the first line 2"),
        ("text,label\na,x\nb, \n", r"text 2 has no label; expected one in column 'label'"),
        ("text,label\na,x\n\"b,y\nc,x,y\n", r"line 4: unexpected end of data; expected as many cells in each line"),
        ("text,label\na,x\nb,x\n", r"all samples are of one class, 'x'"),
        ("text,label\na,x\nb," + "y" * 300 + "\n", r"text 2 has a label of 300 characters; expected at most 200"),
        (b"text,label\na,x\n\0\xff\xff,y\n", r"bytes that are no text"),
        (gzip.compress(b"text,label\na,x\nb,y\n", mtime=0)[:-12], r"can't be unzipped|an empty|not a file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(table, content, message):
    path = table(content)
    with pytest.raises(DataError, match=message) as caught:
        _read(path)
    assert str(path) in str(caught.value)


def test_two_files_for_one_part_are_refused(table, tmp_path):
    table("text,label\na,x\nb,y\n", "train.csv")
    table("text\tlabel\na\tx\nb\ty\n", "train.tsv")
    with pytest.raises(DataError, match=r"train.tsv: a second file with the train part, beside train.csv"):
        _read(tmp_path)


def test_a_link_out_of_the_folder_is_refused(table, tmp_path):
    outside = table("text,label\na,x\nb,y\n")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.csv").symlink_to(outside)
    with pytest.raises(DataError, match="a link out of"):
        _read(tmp_path / "set")


def test_a_user_in_two_given_parts_is_refused(table, tmp_path):
    table("text,label,user\na,x,ann\nb,y,bob\n", "train.csv")
    table("text,label,user\nc,x,ann\n", "test.csv")
    with pytest.raises(DataError, match="the group 'ann' is in the training and in the test part"):
        _read(tmp_path)


def test_texts_are_pythons_own(table):
    inputs = _read(table("text,label\na,x\nb,y\n")).train.inputs
    assert inputs.dtype == np.dtype(object)
    assert {type(text) for text in inputs} == {str}


@pytest.mark.parametrize("length", [131_072, 131_073, 400_000])
def test_a_text_may_be_long(table, length):
    before = csv.field_size_limit()
    for name, content in (("t.csv", 'label,text\ngood,"{}"\nbad,b\n'), ("t.tsv", "text\tlabel\n{}\tgood\nb\tbad\n")):
        found = _read(table(content.format("a " * (length // 2) + "a" * (length % 2)), name))
        assert [len(text) for text in found.train.inputs] == [length, 1]
    assert csv.field_size_limit() == before
