"""Naive Bayes on words and pairs of words: the line of short texts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minas.lines import Line, scikit_learn

if TYPE_CHECKING:
    from minas.data.task import Task
    from minas.lines import Predict

PADDING = 0
"""The whole number that fills a row behind its last word."""

SMOOTHING = (0.1, 0.3, 1.0, 3.0)
"""What is added to every count; the validation samples decide which, the largest of equals."""


def terms(row: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """Return a row's words and pairs of neighbouring words, each as often as it occurs, without padding."""
    found = [int(word) for word in row if word != PADDING]
    return [(word,) for word in found] + list(pairwise(found))


def counts(rows: NDArray[np.int64], columns: dict[tuple[int, ...], int]) -> Any:
    """Return how often each known term occurs in each row, as a sparse matrix, (samples, columns)."""
    from scipy.sparse import csr_matrix

    places = [[columns[term] for term in terms(row) if term in columns] for row in rows]
    ends = np.cumsum([0, *map(len, places)])
    inside = np.array([column for row in places for column in row], dtype=np.int64)
    return csr_matrix((np.ones(len(inside)), inside, ends), shape=(len(rows), len(columns)))


def _fit(task: Task) -> Predict:
    bayes = scikit_learn("naive_bayes")
    columns: dict[tuple[int, ...], int] = {}
    for row in task.train.inputs:
        for term in terms(row):
            columns.setdefault(term, len(columns))
    train, validation = (counts(part.inputs, columns) for part in (task.train, task.validation))
    machines = [bayes.MultinomialNB(alpha=alpha).fit(train, task.train.targets) for alpha in sorted(SMOOTHING, reverse=True)]
    best = max(machines, key=lambda machine: float(machine.score(validation, task.validation.targets)))

    def predict(inputs: NDArray[Any]) -> NDArray[np.int64]:
        answers: NDArray[np.int64] = best.predict(counts(inputs, columns))
        return answers

    return predict


LINE = Line(
    name="naive Bayes",
    domain="text",
    source="Wang and Manning 2012 (ACL, P12-2018): multinomial naive Bayes on words and pairs, smoothing chosen on validation",
    fit=_fit,
)
