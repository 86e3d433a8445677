from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from minas.action.meter import ActionMeter
from minas.errors import ArchitectureError, MinasError, UsageError
from minas.exports import EXPORTS, load
from minas.exports import pytorch as format_module
from minas.graph.architecture import canonical

write = EXPORTS.get("pytorch").write


@pytest.fixture
def without_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the slow half of the comparison, for tests of something else."""
    monkeypatch.setattr(format_module, "same_outputs", lambda model, comparison: None)


def imported(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("exported_model", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shelf_lists_formats_only() -> None:
    assert EXPORTS.names() == ["pytorch"]
    assert [part.name for part in EXPORTS.all().values()] == EXPORTS.names()


def test_an_export_gives_the_trained_outputs_to_the_bit(trained: Any, tmp_path: Path) -> None:
    network, content = trained()
    folder = tmp_path / "new" / "export"
    write(content, folder, False)
    assert sorted(path.name for path in folder.iterdir()) == ["architecture.json", "model.py", "weights.safetensors"]
    assert [path.name for path in folder.parent.iterdir()] == ["export"]
    x = torch.randn(5, 1, 28, 28)
    with torch.no_grad():
        expected = network(x)
        assert torch.equal(load(folder)(x), expected)
        assert torch.equal(imported(folder).load()(x), expected)
    assert not load(folder).training


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_sampled_architectures_in_fresh_processes(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    compare, found = format_module.same_outputs, []

    def watched(model: Path, comparison: Path) -> str | None:
        found.append(compare(model, comparison))
        return found[-1]

    monkeypatch.setattr(format_module, "same_outputs", watched)
    _, content = trained(seed, [(1, 28, 28), (3, 32, 32)][seed % 2])
    write(content, tmp_path / "export", False)
    assert found == [None]


@pytest.mark.usefixtures("without_fresh_process")
@pytest.mark.parametrize("seed", range(16))
def test_sampled_architectures_keep_outputs_and_state_dict(trained: Any, tmp_path: Path, seed: int) -> None:
    shape = [(1, 28, 28), (3, 32, 32)][seed % 2]
    network, content = trained(seed, shape)
    write(content, tmp_path, False)
    module = imported(tmp_path)
    exported = module.load()
    x = torch.randn(3, *shape)
    with torch.no_grad():
        assert torch.equal(exported(x), network(x))
        assert torch.equal(load(tmp_path)(x), network(x))
    assert list(exported.state_dict()) == list(network.state_dict())
    network.load_state_dict(exported.state_dict(), strict=True)
    assert shape == module.SHAPE
    assert content.classes == module.CLASSES
    assert content.preprocessing == module.PREPROCESSING


@pytest.mark.usefixtures("without_fresh_process")
def test_an_export_trains_like_the_network(trained: Any, tmp_path: Path) -> None:
    network, content = trained()
    write(content, tmp_path, False)
    exported = imported(tmp_path).load()
    x = torch.randn(8, 1, 28, 28)
    losses = [model.train()(x).square().mean() for model in (network, exported)]
    for loss in losses:
        loss.backward()
    assert torch.equal(*losses)
    for one, other in zip(network.parameters(), exported.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


@pytest.mark.usefixtures("without_fresh_process")
def test_the_action_is_the_same_after_export(trained: Any, tmp_path: Path) -> None:
    network, content = trained()
    write(content, tmp_path, False)
    x = torch.randn(8, 1, 28, 28)
    found = []
    for model in (network, load(tmp_path), imported(tmp_path).load()):
        with ActionMeter(model) as meter, torch.no_grad():
            model(x)
        found.append((meter.action().item(), meter.kinetic().item(), meter.potential().item()))
    assert found[0][0] > 0
    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.usefixtures("without_fresh_process")
def test_the_document_says_all_but_the_weights(trained: Any, tmp_path: Path) -> None:
    network, content = trained()
    write(content, tmp_path, False)
    document = json.loads((tmp_path / "architecture.json").read_text(encoding="utf-8"))
    assert set(document) == {"schema", "architecture", "shape", "classes", "preprocessing", "measures", "provenance"}
    assert document["schema"] == 1
    assert document["shape"] == [1, 28, 28]
    assert document["classes"] == ["nought", "one", "två", "many"]
    assert document["measures"] == {"error": 0.025, "joules": None}
    assert document["provenance"] == {"run": "runs/digits", "seed": 7}
    assert load(tmp_path).architecture == network.architecture == canonical(content.architecture)


@pytest.mark.usefixtures("without_fresh_process")
def test_the_same_content_gives_the_same_bytes(trained: Any, tmp_path: Path) -> None:
    _, content = trained()
    for name in ("one", "two"):
        write(content, tmp_path / name, False)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.usefixtures("without_fresh_process")
def test_files_have_ordinary_permissions(trained: Any, tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        write(trained()[1], tmp_path / "export", False)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "export").stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "export").iterdir()} == {0o644}


def test_model_py_runs_where_minas_is_not(trained: Any, tmp_path: Path, without_fresh_process: None) -> None:
    write(trained()[1], tmp_path / "export", False)
    code = (
        "import sys; sys.modules['minas'] = sys.modules['safetensors'] = None; "
        f"sys.path.insert(0, {str(tmp_path / 'export')!r}); import model, torch; "
        "assert model.load()(torch.zeros(2, *model.SHAPE)).shape == (2, len(model.CLASSES)); "
        "assert not [name for name in sys.modules if name.startswith('minas.')]"
    )
    subprocess.run([sys.executable, "-I", "-B", "-c", code], check=True)


@pytest.mark.usefixtures("without_fresh_process")
def test_a_folder_that_holds_something_is_not_overwritten(trained: Any, tmp_path: Path) -> None:
    _, content = trained()
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(
        UsageError, match="is not empty; name a new or empty folder, or replace an earlier export with --force"
    ):
        write(content, tmp_path, False)
    with pytest.raises(UsageError, match=r"holds 'thesis.txt', which is no part of an export"):
        write(content, tmp_path, True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("without_fresh_process")
def test_force_replaces_an_earlier_export(trained: Any, tmp_path: Path) -> None:
    _, content = trained()
    folder = tmp_path / "export"
    write(content, folder, False)
    (folder / "__pycache__").mkdir()
    with pytest.raises(UsageError, match="is not empty"):
        write(content, folder, False)
    write(dataclasses.replace(content, classes=("a", "b", "c", "d")), folder, True)
    assert imported(folder).CLASSES == ("a", "b", "c", "d")
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_failed_comparison_leaves_nothing(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = format_module.source
    monkeypatch.setattr(format_module, "source", lambda *given: honest(*given).replace("torch.relu", "torch.tanh", 1))
    with pytest.raises(
        MinasError, match=r"the export was not written: in a fresh process, the outputs differ by up to 0\.\d+"
    ):
        write(trained()[1], tmp_path / "export", False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("statement", ["import minas", "import safetensors", "raise SystemExit(3)"])
def test_model_py_may_import_torch_alone(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    honest = format_module.source
    monkeypatch.setattr(format_module, "source", lambda *given: honest(*given) + f"\n{statement}\n")
    with pytest.raises(MinasError, match="in a fresh process, "):
        write(trained()[1], tmp_path / "export", False)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_replacement_keeps_the_earlier_export(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, content = trained()
    folder = tmp_path / "export"
    monkeypatch.setattr(format_module, "same_outputs", lambda model, comparison: None)
    write(content, folder, False)
    before = (folder / "model.py").read_bytes()
    monkeypatch.setattr(format_module, "same_outputs", lambda model, comparison: "it is broken")
    with pytest.raises(MinasError, match="in a fresh process, it is broken"):
        write(dataclasses.replace(content, classes=("a", "b", "c", "d")), folder, True)
    assert (folder / "model.py").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


@pytest.mark.usefixtures("without_fresh_process")
def test_a_file_system_that_refuses_is_named(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, content = trained()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is no folder"):
        write(content, tmp_path / "file", False)
    with pytest.raises(MinasError, match=r"cannot write the export into .*(Not a directory|File exists)"):
        write(content, tmp_path / "file" / "export", False)

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MinasError, match=r"cannot write the export into .*: No space left on device"):
        write(content, tmp_path / "export", False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_content_that_does_not_fit_together_is_refused(trained: Any, tmp_path: Path) -> None:
    _, content = trained()
    state = dict(content.state)
    for changed, message in [
        (dataclasses.replace(content, classes=("a", "b")), r"the trained network: the tensor 'head.2.weight' is .* expected"),
        (dataclasses.replace(content, measures={"error": float("nan")}), "an export holds JSON values only"),
        (dataclasses.replace(content, preprocessing={"mean": torch.zeros(1)}), "an export holds JSON values only"),
        (dataclasses.replace(content, state={**state, "more": torch.zeros(1)}), "the trained network holds the tensor 'more'"),
        (dataclasses.replace(content, state={}), "the trained network lacks the tensor 'stage0_node0.convolution.weight'"),
    ]:
        with pytest.raises(ArchitectureError, match=message):
            write(changed, tmp_path / "export", False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_fresh_process")
def test_weights_are_ordinary_safetensors(trained: Any, tmp_path: Path) -> None:
    network, content = trained()
    write(content, tmp_path, False)
    tensors = safetensors.torch.load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(tensors[name], tensor) for name, tensor in network.state_dict().items())
