"""A comparison in a fresh process: does an exported `model.py`, without MINAS, give the trained network's outputs to the bit?

`same_outputs` starts this very file as a script, which therefore imports nothing of MINAS.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

SECONDS = 300.0


def same_outputs(model: Path, comparison: Path) -> str | None:
    """Load a `model.py` in a fresh process and compare its outputs.

    Args:
        model: the file, with its weights beside it.
        comparison: a safetensors file with `inputs` and the trained network's `outputs`.

    Returns:
        None if all outputs are equal to the bit; else what went wrong, in one line.
    """
    # -I: nothing from the environment, the working folder or the user's folder; -B: no cache beside model.py. The folder that
    # torch lies in is handed over, since it may be one of those that -I hides.
    packages = str(Path(torch.__file__).resolve().parents[1])
    command = [sys.executable, "-I", "-B", str(Path(__file__).resolve()), str(model), str(comparison), packages]
    try:
        done = subprocess.run(
            [*command, str(torch.get_num_threads())], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS:.0f} s"
    except OSError as error:
        return f"no process could be started: {error}"
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).strip().splitlines()
    return said[-1] if said else f"the process ended with {done.returncode}"


def _main(model: str, comparison: str, packages: str, threads: str) -> None:
    """Compare, in the fresh process; exits with a line that says what differs."""
    sys.modules["minas"] = sys.modules["safetensors"] = None  # type: ignore[assignment]  # makes importing them an error
    sys.path.append(packages)
    torch.set_num_threads(int(threads))
    spec = importlib.util.spec_from_file_location("model", model)
    if spec is None or spec.loader is None:
        sys.exit(f"{model} cannot be imported")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tensors = module.read_safetensors(comparison)
    network = module.load()
    with torch.no_grad():
        outputs = network(tensors["inputs"])
    expected = tensors["outputs"]
    if outputs.shape != expected.shape or outputs.dtype != expected.dtype:
        sys.exit(f"the outputs are {outputs.dtype} {tuple(outputs.shape)}, expected {expected.dtype} {tuple(expected.shape)}")
    if not torch.equal(outputs.contiguous().view(torch.uint8), expected.view(torch.uint8)):
        sys.exit(f"the outputs differ by up to {(outputs - expected).abs().max().item():g}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
