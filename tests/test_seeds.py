"""Seeds: functions of what they are for, the same everywhere, far from each other."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minas import seeds

parts = st.lists(st.text() | st.integers(), max_size=3).map(tuple)


@given(st.integers(), parts)
def test_a_seed_fits_every_generator_and_the_store(seed: int, chosen: tuple[str | int, ...]) -> None:
    derived = seeds.derive(seed, *chosen)
    assert 0 <= derived < 2**63
    assert derived == seeds.derive(seed, *chosen)
    assert seeds.generator(seed, *chosen).integers(2**60) == np.random.default_rng(derived).integers(2**60)


def test_values_never_change() -> None:
    assert seeds.derive(0) == 3456079177858693020
    assert seeds.derive(0, "ask", 12) == 1437334791740440177


def test_what_differs_gives_another_seed() -> None:
    found = {
        seeds.derive(seed, *chosen)
        for seed in range(-3, 4)
        for chosen in [(), ("ask",), ("ask", 1), ("ask", "1"), ("ask1",), ("1", "ask"), ("ask", 11), ("ask", 1, 1)]
    }
    assert len(found) == 7 * 8


def test_another_process_derives_the_same() -> None:
    code = "from minas import seeds; print(seeds.derive(5, 'candidate', 'ü'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == seeds.derive(5, "candidate", "ü")


def test_the_global_generator_is_left_alone() -> None:
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    seeds.generator(3, "x").random(10)
    assert (np.random.get_state()[1] == before).all()
