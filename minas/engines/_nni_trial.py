"""What NNI runs for each trial: it takes one candidate from NNI, evaluates it, and reports its trial.

Started by `python -m minas.engines._nni_trial` in the folder that NNI hands to every machine, where `work.json` lies.
The work is done by a worker process as the local engine's are, so that a killed or hung one is told of in the same words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from minas.engines._nni_messages import candidate_from_text, metric
from minas.engines._process import WorkerProcess
from minas.errors import UsageError
from minas.run.configuration import versions
from minas.trial import Trial

WORK = "work.json"
"""Name of the file of what all trials share: the work, the evaluator's name, the coordinating process's versions."""


def main() -> None:
    """Evaluate one candidate for NNI."""
    shared = json.loads(Path(WORK).read_text(encoding="utf-8"))
    worker = WorkerProcess(shared["work"], shared["evaluator"])
    worker.start()  # it loads torch and the task meanwhile
    import nni

    try:
        parameters = nni.get_next_parameter()
        nni.report_intermediate_result({"default": 0.0})  # says which of NNI's jobs is at work on the candidate
        nni.report_final_result(metric(_outcome(worker, shared["versions"], parameters)))
    finally:
        worker.kill(for_good=True)


def _outcome(worker: WorkerProcess, expected: dict[str, str], parameters: dict[str, Any]) -> Trial | BaseException:
    try:
        _check_versions(expected)
        return worker.evaluate(candidate_from_text(parameters["candidate"]), float(parameters["timeout"]))
    except Exception as error:
        return error


def _check_versions(expected: dict[str, str]) -> None:
    here = versions()
    for name, version in expected.items():
        if here.get(name) != version:
            raise UsageError(
                f"this machine has {name} {here.get(name)}, and the search runs with {version}: figures would differ; "
                "install the same versions wherever NNI starts trials"
            )


if __name__ == "__main__":
    main()
