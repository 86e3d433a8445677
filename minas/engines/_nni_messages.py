"""What passes between the coordinating process and a trial that NNI started, as JSON texts.

NNI hands on what it is given through programs of its own, which know no whole numbers beyond 2^53, read some objects as
instructions to build others, and take what follows a # or // for a comment, even within a text. A text without these two
passes through all of them as it is, floats to the bit.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from minas import errors
from minas.engines._process import BrokenWorkerError
from minas.errors import MinasError
from minas.run.rows import checked_candidate, checked_trial
from minas.trial import Candidate, Cost, Status, Trial

WORST = 1.0
"""The error that NNI's web portal shows for a trial that gave none."""


def candidate_to_text(candidate: Candidate) -> str:
    """Return a candidate as JSON."""
    return _text(dataclasses.asdict(candidate))


def candidate_from_text(text: str) -> Candidate:
    """Return the candidate of a text.

    Raises:
        ValueError: it is none.
        TypeError: likewise.
    """
    values = json.loads(text)
    return checked_candidate(Candidate(**{**values, "parents": tuple(values["parents"])}))


def outcome_to_text(outcome: Trial | BaseException) -> str:
    """Return what an evaluation gave or raised, as JSON."""
    match outcome:
        case Trial():
            values = {name: getattr(outcome, name) for name in ("status", "reason", "late", "attempts")}
            tables = {"measures": dict(outcome.measures), "reasons": dict(outcome.reasons)}
            return _text({"trial": {**values, **tables, "cost": dataclasses.asdict(outcome.cost)}})
        case BrokenWorkerError():
            return _text({"broken": str(outcome)})
        case OSError():
            return _text({"broken": f"the worker broke ({type(outcome).__name__}: {outcome})"})
        case MemoryError():
            return _text({"memory": str(outcome)})
        case MinasError():
            return _text({"error": str(outcome), "kind": type(outcome).__name__})
    return _text({"mistake": str(outcome)})


def outcome_from_text(text: str, candidate: Candidate) -> Trial:
    """Return the trial of a candidate, or raise what its evaluation raised.

    Raises:
        BrokenWorkerError: the worker died or hung, or the text is damaged.
        MemoryError: the worker had no memory.
        MinasError: something that ends the run.
        RuntimeError: a mistake in the evaluator.
    """
    try:
        found = json.loads(text)
        if "trial" in found:
            values = found["trial"]
            trial = Trial(
                **{**values, "candidate": candidate, "status": Status(values["status"]), "cost": Cost(**values["cost"])}
            )
            return checked_trial(trial)
        (what, words), *_ = found.items()
        kind = getattr(errors, str(found.get("kind")), MinasError)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BrokenWorkerError(f"the answer of the worker is damaged ({error})") from None
    match what:
        case "broken":
            raise BrokenWorkerError(words)
        case "memory":
            raise MemoryError(words)
        case "error":
            plain = isinstance(kind, type) and issubclass(kind, MinasError) and kind.__init__ is MinasError.__init__
            raise (kind if plain else MinasError)(words)
    raise RuntimeError(words)


def metric(outcome: Trial | BaseException) -> dict[str, Any]:
    """Return what a trial reports to NNI: its error, which the web portal sorts by, all measures, and the outcome itself."""
    measures: Mapping[str, float | None] = outcome.measures if isinstance(outcome, Trial) else {}
    shown = {name: value for name, value in measures.items() if value is not None and math.isfinite(value)}
    return {"default": shown.get("error", WORST), **shown, "outcome": outcome_to_text(outcome)}


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values).replace("#", "\\u0023").replace("/", "\\u002f")  # both stand within texts alone
