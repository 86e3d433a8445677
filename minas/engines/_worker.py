"""What runs in a local worker process: candidates come in through a pipe, trials go out."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from minas.errors import MinasError
from minas.trial import Candidate, Trial

Answer = Trial | Exception | None


def serve(pipe: Connection, work: str, evaluator: str, idle: float | None = None) -> None:
    """Evaluate candidates until the pipe closes, or none comes for a while.

    The first answer says that the worker is ready, or why it never will be.

    Args:
        pipe: the worker's end.
        work: the run's work, JSON.
        evaluator: dotted name of the module that does the work; see `minas.engines.EVALUATOR`.
        idle: after how many seconds without a candidate to leave; None stays.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinating process's to handle
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _keep_freed_memory()
    module = importlib.import_module(evaluator)
    obstacle = _answer(lambda: module.prepare(work))
    pipe.send(obstacle)
    while obstacle is None:
        try:
            if not pipe.poll(idle):
                return
            candidate: Candidate = pipe.recv()
        except EOFError:
            return
        pipe.send(_answer(lambda chosen=candidate: module.evaluate(work, chosen)))  # type: ignore[misc]


def _keep_freed_memory() -> None:
    """Have the C library keep what is freed for the next step.

    With its defaults, states of some 100 KiB go back to the kernel and come as fresh pages each time, which made training
    steps of small networks 3 to 11% slower.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc has no such knob
        library = ctypes.CDLL("libc.so.6")
        for knob in (-3, -1):  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
            library.mallopt(knob, 1 << 28)


def _answer(job: Callable[[], Answer]) -> Answer:
    """Return what a job gave, or the exception that it raised, in a form that survives the pipe."""
    try:
        return job()
    except MemoryError as error:
        return MemoryError(str(error))
    except MinasError as error:
        return _portable(error)
    except Exception:
        return RuntimeError(f"a worker failed:\n{traceback.format_exc()}")


def _portable(error: MinasError) -> MinasError:
    """Return an error that survives the pipe: one whose class takes other arguments than its text would not."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return MinasError(str(error))
    return error


def _leave_with_parent() -> None:
    """End this process when the coordinating one was killed, so that no orphan goes on writing to the run's folder."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
