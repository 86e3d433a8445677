"""Folders of texts by class, such as aclImdb."""

from __future__ import annotations

import pytest

from minas.data import encodings, formats
from minas.errors import DataError


def _read(path):
    return formats.read(path, "text", formats.Options())


@pytest.fixture
def tree(tmp_path):
    def write(files: dict[str, str | bytes]):
        for name, content in files.items():
            path = tmp_path / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "set"

    return write


def _shown(found):
    return {
        part: sorted((text, found.classes[target]) for text, target in zip(pile.inputs, pile.targets, strict=True))
        for part, pile in found.piles.items()
    }


def test_the_layout_of_acl_imdb_is_read(tree):
    """With all the files that lie beside the texts there."""
    found = _read(
        tree(
            {
                "README": "about",
                "imdb.vocab": "the\n",
                "train/urls_pos.txt": "http://a",
                "train/labeledBow.feat": "9 0:9",
                "train/pos/0_9.txt": "Fine<br /><br />film",
                "train/pos/1_7.txt": "Good",
                "train/neg/0_3.txt": "Bad",
                "train/unsup/0_0.txt": "Who knows",
                "test/urls_neg.txt": "http://b",
                "test/pos/0_10.txt": "Great",
                "test/neg/0_1.txt": "Awful",
            }
        )
    )
    assert found.classes == ("neg", "pos")
    assert _shown(found) == {
        "training": [("Bad", "neg"), ("Fine<br /><br />film", "pos"), ("Good", "pos")],
        "test": [("Awful", "neg"), ("Great", "pos")],
    }


def test_classes_alone_are_read_in_any_language_and_encoding(tree):
    found = _read(
        tree({"gut/a.txt": "schön".encode("cp1252"), "übel/b.TXT": "日本", "übel/.hidden.txt": "x", "übel/more": "y"})
    )
    assert _shown(found) == {"training": [("schön", "gut"), ("日本", "übel")]}


def test_one_class_is_refused(tree):
    with pytest.raises(DataError, match="all samples are of one class, 'pos'"):
        _read(tree({"train/pos/a.txt": "a"}))
    with pytest.raises(DataError, match=r"- text folder: a folder with one folder for each class, two at least"):
        _read(tree({"train/pos/a.txt": "a"}) / "train")


def test_two_folders_for_one_part_are_refused(tree):
    files = {f"{part}/{label}/a.txt": "a" for part in ("train", "val", "dev") for label in "xy"}
    with pytest.raises(DataError, match=r"val: a second folder with the validation part, beside dev"):
        _read(tree(files))


def test_a_link_out_of_the_folder_is_refused(tree, tmp_path):
    (tmp_path / "secret.txt").write_text("s")
    root = tree({"x/a.txt": "a", "y/b.txt": "b"})
    (root / "x" / "c.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(DataError, match=r"c.txt: a link out of"):
        _read(root)


def test_a_folder_with_the_name_of_a_text_is_refused(tree):
    root = tree({"x/a.txt": "a", "y/b.txt": "b"})
    (root / "x" / "c.txt").mkdir()
    with pytest.raises(DataError, match=r"c.txt: not a file"):
        _read(root)


def test_bytes_that_are_no_text_are_refused(tree):
    with pytest.raises(DataError, match="bytes that are no text"):
        _read(tree({"x/a.txt": b"\0\xff\xff\xff\0", "y/b.txt": "b"}))


def test_all_files_together_are_bounded(tree, monkeypatch):
    monkeypatch.setattr(encodings, "LARGEST", 10)
    with pytest.raises(DataError, match="more than 10 bytes of text"):
        _read(tree({"x/a.txt": "a" * 6, "y/b.txt": "b" * 6}))
