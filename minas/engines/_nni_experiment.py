"""One NNI experiment, in a process of its own: started, watched, ended with everything that belongs to it.

Started by `python -m minas.engines._nni_experiment`, with one line of JSON on standard input: the fields of `Settings`. When
that input closes, as it does when the coordinating process ends in whichever way, the experiment ends too; a word before that
says that the coordinating process is well. What happens is told by lines of JSON on standard output; what NNI prints goes to
standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

TRIAL = "-m minas.engines._nni_trial"
TUNER = "minas.engines._nni_tuner.Relay"

OURS = {
    "searchSpace": "search_space",
    "searchSpaceFile": "search_space_file",
    "tuner": "tuner",
    "assessor": "assessor",
    "advisor": "advisor",
    "trialCodeDirectory": "trial_code_directory",
    "trialConcurrency": "trial_concurrency",
    "useAnnotation": "use_annotation",
    "maxTrialNumber": "max_trial_number",
    "maxTrialDuration": "max_trial_duration",
    "maxExperimentDuration": "max_experiment_duration",
    "experimentWorkingDirectory": "experiment_working_directory",
}
"""What a user's file of NNI's must leave out, by NNI's names there and in Python: a search says it itself."""

LOOPBACK = """const net = require("net"), listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...others) {
    const open = typeof port === "number" && typeof others[0] !== "string";
    return open ? listen.call(this, port, "127.0.0.1", ...others) : listen.call(this, port, ...others);
};
"""
"""Makes NNI's manager, a program for Node, listen to this machine alone, for which NNI itself has no option."""

HOMES = {"KUBECONFIG": ".kube/config", "AZURE_CONFIG_DIR": ".azure"}
"""Where programs that a training service uses look into a user's home."""

WATCH = 1.0
"""Seconds between two looks at the experiment."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the coordinating process says of an experiment.

    Attributes:
        folder: where NNI may write; nothing of it is kept.
        code: the folder that NNI hands to every machine.
        place: the file that tells the tuner where the coordinating process listens.
        config: NNI's own file of a user, or None for this machine.
        workers: how many trials to run at a time.
        port: where the web portal listens.
        prefix: the first part of every path of the web portal: who does not know it, gets nothing.
    """

    folder: str
    code: str
    place: str
    config: str | None
    workers: int
    port: int
    prefix: str


def main() -> None:
    """Hold an experiment until it breaks or standard input closes."""
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    settings = Settings(**json.loads(sys.stdin.readline()))
    home = Path.home()
    os.environ["HOME"] = (
        settings.folder
    )  # NNI writes a list of experiments there, and a user's own home is none of its business
    elsewhere, leaving = threading.Event(), threading.Event()
    leaver = threading.Thread(target=_leave_with_parent, args=(settings, elsewhere, leaving), daemon=True)
    leaver.start()
    try:
        config = _configuration(settings, home)
    except Exception as error:
        _tell(told, wrong=f"{settings.config}: NNI does not take it: {error}" if settings.config else str(error))
        return
    for name, place in HOMES.items():
        os.environ.setdefault(name, str(home / place))
    if _is_local(config):
        preload = Path(settings.folder, "loopback.js")
        preload.write_text(LOOPBACK, encoding="utf-8")
        os.environ["NODE_OPTIONS"] = f"--require={preload}"
    else:
        elsewhere.set()
    _tell(told, checked=True)
    _tell(told, gone=_hold(config, settings, told))
    if leaving.is_set():  # the manager ended because we are ending it: what is left to clean up is not to be cut short
        leaver.join()
    _end_processes()
    os._exit(0)


def _configuration(settings: Settings, home: Path) -> Any:
    """Return NNI's configuration of the experiment.

    Raises:
        Exception: whatever NNI raises for a file that it doesn't understand.
    """
    from nni.experiment import CustomAlgorithmConfig, ExperimentConfig

    if settings.config is None:
        config = ExperimentConfig("local")
        config.tuner = config.assessor = config.advisor = None
    else:
        os.environ["HOME"] = str(home)  # a path in the file may begin with ~
        config, unsaid = ExperimentConfig.load(settings.config), ExperimentConfig()
        said = [name for name, field in OURS.items() if repr(getattr(config, field)) != repr(getattr(unsaid, field))]
        if said:
            raise ValueError(f"leave out {', '.join(said)}: a search says that itself")
        if repr(config.training_service) == repr(unsaid.training_service):
            raise ValueError("it has no trainingService, which says where trials run")
        if isinstance(config.training_service, dict):  # NNI leaves as it is what it cannot read
            raise ValueError(f"no training service can be made of {config.training_service}")
    local = _is_local(config)
    python = f"env HOME={shlex.quote(str(home))} {shlex.quote(sys.executable)}" if local else "python3"
    config.trial_command = config.trial_command or f"{python} {TRIAL}"
    config.trial_code_directory = settings.code
    config.trial_concurrency = settings.workers
    config.search_space = {"candidate": {"_type": "choice", "_value": [0, 1]}}  # NNI cannot do with an empty one
    config.tuner = CustomAlgorithmConfig(class_name=TUNER, code_directory=settings.code, class_args={"place": settings.place})
    config.experiment_working_directory = settings.folder
    config = config.canonical_copy()
    os.environ["HOME"] = settings.folder
    return config


def _is_local(config: Any) -> bool:
    return bool(getattr(config.training_service, "platform", None) == "local")


def _hold(config: Any, settings: Settings, told: IO[str]) -> str:
    """Start the experiment, and return why it ended once it has."""
    import psutil
    from nni.experiment import Experiment

    experiment = Experiment(config)
    experiment.url_prefix = settings.prefix
    try:
        experiment.start(settings.port)
    except Exception as error:
        return f"NNI could not start an experiment: {error}"
    manager = psutil.Process().children()[0]
    _tell(told, manager=manager.pid)
    while True:
        with contextlib.suppress(psutil.TimeoutExpired):
            code = manager.wait(WATCH)
            _end_group(manager.pid)
            return f"NNI's manager ended (exit code {code})"
        with contextlib.suppress(Exception):  # one that has just died is told of the next time
            if experiment.get_status() == "ERROR":
                return "NNI's manager came to a stop"


def _leave_with_parent(settings: Settings, elsewhere: threading.Event, leaving: threading.Event) -> None:
    """End the experiment when the coordinating process closes our input or is gone."""
    goodbye = sys.stdin.read()
    leaving.set()
    if elsewhere.is_set():  # jobs on other machines are NNI's to stop
        from nni.experiment import rest

        with contextlib.suppress(Exception):
            rest.delete(settings.port, "/experiment", settings.prefix)
    _end_processes()
    if not goodbye:  # it was killed, and cleans up nothing itself
        shutil.rmtree(Path(settings.folder).parent, ignore_errors=True)
    os._exit(0)


def _end_processes() -> None:
    """End the manager and all that it started on this machine: they share a process group of their own."""
    import psutil

    for process in psutil.Process().children():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if (group := os.getpgid(process.pid)) != os.getpgrp():
                _end_group(group)
            process.kill()


def _end_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _tell(told: IO[str], **message: Any) -> None:
    with contextlib.suppress(OSError):
        told.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main()
