"""Covariances between channels, flattened where they are alike, with logistic regression: the line of EEG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minas.lines import Line

if TYPE_CHECKING:
    from minas.data.task import Task
    from minas.lines import Predict

SHRINKAGE = 0.1
"""Share of a multiple of the identity in every covariance: few points of time give singular ones."""
ROUNDS = 20
"""Of the mean's iteration; it halves its distance in each, or better."""

Array = NDArray[np.float64]


def covariances(signals: NDArray[Any]) -> Array:
    """Return each signal's covariance between channels, shrunk: (samples, channels, time) to (samples, channels, channels)."""
    centred = signals.astype(np.float64) - signals.mean(axis=2, keepdims=True, dtype=np.float64)
    found = centred @ centred.transpose(0, 2, 1) / signals.shape[2]
    channels = signals.shape[1]
    level = np.maximum(np.trace(found, axis1=1, axis2=2) / channels, 1e-12)[:, None, None]
    out: Array = (1 - SHRINKAGE) * found + SHRINKAGE * level * np.eye(channels)
    return out


def mean(matrices: Array) -> Array:
    """Return the mean of positive definite matrices, (samples, n, n), by the distance that no mixing of channels changes.

    Its logarithms, seen from it, have a mean of 0 (Moakher 2005); from the arithmetic mean on it is gone towards step by step.
    """
    point: Array = matrices.mean(axis=0)
    for _ in range(ROUNDS):
        root, inverse = _power(point, 0.5), _power(point, -0.5)
        step = _logarithm(inverse @ matrices @ inverse).mean(axis=0)
        point = root @ _exponential(step) @ root
    return point


def tangents(matrices: Array, point: Array) -> Array:
    """Return the matrices' logarithms as seen from a point, as vectors of the same length, (samples, n (n + 1) / 2)."""
    inverse = _power(point, -0.5)
    logs = _logarithm(inverse @ matrices @ inverse)
    rows, columns = np.triu_indices(len(point))
    out: Array = logs[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0))
    return out


def _mapped(matrices: Array, function: Any) -> Array:
    values, vectors = np.linalg.eigh((matrices + np.swapaxes(matrices, -1, -2)) / 2)
    out: Array = (vectors * function(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return out


def _power(matrix: Array, exponent: float) -> Array:
    return _mapped(matrix, lambda values: np.maximum(values, 1e-300) ** exponent)


def _logarithm(matrices: Array) -> Array:
    return _mapped(matrices, lambda values: np.log(np.maximum(values, 1e-300)))


def _exponential(matrix: Array) -> Array:
    return _mapped(matrix, np.exp)


def _fit(task: Task) -> Predict:
    from minas.lines._logistic import fitted

    train, validation = (covariances(part.inputs) for part in (task.train, task.validation))
    point = mean(train)
    machine = fitted(tangents(train, point), task.train.targets, tangents(validation, point), task.validation.targets)

    def predict(inputs: NDArray[Any]) -> NDArray[np.int64]:
        answers: NDArray[np.int64] = machine.predict(tangents(covariances(inputs), point))
        return answers

    return predict


LINE = Line(
    name="Riemannian",
    domain="physiological",
    source="Barachant et al. 2012, doi 10.1109/TBME.2011.2172210: covariances seen from their mean, with logistic regression",
    fit=_fit,
)
