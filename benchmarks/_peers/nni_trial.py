"""One trial of NNI's, in its process."""

from __future__ import annotations

import nni

from _peers import job as jobs
from _peers import trials


def main() -> None:
    """Take what the tuner gave, run the trial, report."""
    nni.get_next_parameter()
    error, action, flops = trials.objectives(jobs.read(), nni.get_sequence_id())
    nni.report_final_result({"default": error, "action": action, "flops": flops})


if __name__ == "__main__":
    main()
