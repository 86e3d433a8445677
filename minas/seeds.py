"""Seeds, derived and passed on, never global."""

from __future__ import annotations

import hashlib

import numpy as np


def derive(seed: int, *parts: str | int) -> int:
    """Return a seed that is a function of a parent seed and of what it is for.

    SHA-256 over the decimal seed and the parts, so that neither the Python version nor the order of events can change it.

    Args:
        seed: the parent seed, any integer.
        parts: what the new seed is for, such as `"sample", 12`.

    Returns:
        An integer in [0, 2**63).
    """
    text = "\x1f".join([str(seed), *(f"{type(part).__name__}:{part}" for part in parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *parts: str | int) -> np.random.Generator:
    """Return numpy's default generator seeded by `derive(seed, *parts)`."""
    return np.random.default_rng(derive(seed, *parts))
