"""The text domain: its default task, and a user's own texts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from minas.data import movie_reviews, texts
from minas.data.raw import Raw
from minas.data.task import DataSource, Task
from minas.domains import text
from minas.errors import DataError, UsageError


@pytest.fixture(scope="module")
def reviews() -> Task:
    return text.load(DataSource())


@pytest.fixture(scope="module")
def raw() -> Raw:
    return movie_reviews.read()


def test_every_review_is_in_one_part_and_classes_are_balanced(reviews: Task, raw: Raw) -> None:
    parts = (reviews.train, reviews.validation, reviews.test)
    assert [len(part) for part in parts] == [7029, 1004, 2008]
    prepared = texts.apply(reviews.preprocessing, raw.train.inputs)
    assert sorted(map(bytes, np.concatenate([part.inputs for part in parts]))) == sorted(map(bytes, prepared))
    for part in parts:
        assert abs(np.bincount(part.targets) / len(part) - np.bincount(raw.train.targets) / len(raw.train)).max() < 0.001


def test_the_vocabulary_is_that_of_the_training_part(reviews: Task, raw: Raw) -> None:
    known = set(reviews.preprocessing["words"])
    assert {"film", "n't", "funny"} < known
    ids = reviews.train.inputs[reviews.train.inputs > reviews.preprocessing["buckets"]]
    assert len(np.unique(ids)) == len(known), "each of its words is in the training part"
    assert texts.fit(raw.train.inputs, "all")["words"] != reviews.preprocessing["words"]
    assert json.loads(json.dumps(reviews.preprocessing)) == reviews.preprocessing
    assert reviews.preprocessing["ids"] <= texts.IDS


def test_the_labels_belong_to_the_texts(reviews: Task) -> None:
    # Naive Bayes on words; with shuffled labels it would find one in two.
    counts = np.ones((2, texts.IDS))
    np.add.at(counts, (np.repeat(reviews.train.targets, reviews.shape[0]), reviews.train.inputs.ravel()), 1)
    weights = np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum())
    weights[0] = 0.0
    assert ((weights[reviews.test.inputs].sum(1) > 0) == reviews.test.targets).mean() > 0.77


def test_the_seed_of_the_split_moves_every_part(reviews: Task) -> None:
    assert text.load(DataSource(seed=1)).digest != reviews.digest


LINES = {
    "en": ("a fine day", "a grey day"),
    "de": ("ein schöner Tag", "ein grauer Tag"),
    "el": ("μια ωραία μέρα", "μια γκρίζα μέρα"),
    "ar": ("يوم جميل", "يوم رمادي"),
    "hi": ("एक अच्छा दिन", "एक धूसर दिन"),
    "zh": ("美好的一天", "灰暗的一天"),
}


@pytest.mark.parametrize("language", LINES)
def test_texts_of_any_language(tmp_path: Path, language: str) -> None:
    path = tmp_path / "My texts.csv"
    rows = [f"{LINES[language][number % 2]} {number},{'yn'[number % 2]}" for number in range(60)]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    task = text.load(DataSource(path=str(path)))
    assert task.name.startswith("my-texts-")
    assert (task.classes, [len(part) for part in (task.train, task.validation, task.test)]) == (("n", "y"), [36, 12, 12])
    for part in (task.train, task.validation, task.test):
        words = {label: {word for row in part.inputs[part.targets == label] for word in row if word} for label in (0, 1)}
        known = range(1 + task.preprocessing["buckets"], texts.IDS)
        assert all((words[label] - words[1 - label]) & set(known) for label in (0, 1)), "what tells the classes apart is kept"


def three(samples: int) -> list[dict[str, object]]:
    """Texts of three classes, one of which is rare."""
    labels = ["often" if number % 2 else "seldom" if number % 12 else "hardly" for number in range(samples)]
    return [
        {"text": f"{label} so it is {number}", "label": label, "user": f"u{number // 3}"}
        for number, label in enumerate(labels)
    ]


def test_three_classes_of_unequal_size_and_no_user_in_two_parts(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(map(json.dumps, three(240))), encoding="utf-8")
    task = text.load(DataSource(path=str(path)))
    assert task.classes == ("hardly", "often", "seldom")
    owners = [set(part.groups) for part in (task.train, task.validation, task.test) if part.groups is not None]
    assert len(owners) == 3
    assert sum(map(len, owners)) == len(set.union(*owners)) == 80
    assert set(task.train.targets) == {0, 1, 2}


def test_given_parts_are_kept_and_a_folder_by_class_is_read(tmp_path: Path) -> None:
    for part, samples in (("train", 30), ("test", 10)):
        for number in range(samples):
            folder = tmp_path / "mine" / part / ("pos" if number % 2 else "neg")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.txt").write_text(f"{part} {'good' if number % 2 else 'bad'} {number}", encoding="utf-8")
    task = text.load(DataSource(path=str(tmp_path / "mine")))
    assert (len(task.train) + len(task.validation), len(task.test)) == (30, 10)
    known = task.preprocessing["words"]
    assert "good" in known
    assert "test" not in known


def test_texts_from_python(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.array([f"{'good' if number % 2 else 'bad'} one" for number in range(40)]), y=np.arange(40) % 2)
    task = text.load(DataSource(path=str(path)))
    assert task.shape == (2,)
    assert task.classes == ("0", "1")


def test_what_are_no_texts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"notes.txt: not a file that can be read as data.*; expected text data, one of:"):
        text.load(DataSource(path=str(tmp_path / "notes.txt")))
    with pytest.raises(UsageError, match="an image size was given, and the samples are texts; leave it out"):
        text.load(DataSource(image_size=28))
