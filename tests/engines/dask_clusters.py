"""Dask clusters that many tests use, one after the other: an engine leaves a running one as it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def cluster(**more: Any) -> Iterator[Any]:
    """A cluster of one Dask worker process, of one thread unless said otherwise."""
    from distributed import LocalCluster

    settings = {"n_workers": 1, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    hidden = {"scheduler_kwargs": {"dashboard": False}, "memory_limit": None, "silence_logs": logging.CRITICAL}
    with LocalCluster(**{**settings, **hidden, **more}) as made:
        yield made
