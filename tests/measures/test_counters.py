"""Energy counters: recorded counter files are replayed, since most machines have none that may be read."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from minas.measures import Unavailable, _counters, find_counter
from minas.measures._counters import nvml, powercap
from minas.measures.joules import joules_of

RANGE = 262_143_328_850


class Recording:
    """Zones of /sys/class/powercap in a folder, whose counters are set to recorded values."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def zone(self, name: str, label: str, energy: int, span: int = RANGE) -> None:
        folder = self.root / name
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{label}\n")
        (folder / "max_energy_range_uj").write_text(f"{span}\n")
        self.set(name, energy)

    def set(self, name: str, energy: int | str) -> None:
        (self.root / name / "energy_uj").write_text(f"{energy}\n")


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "powercap")


def test_packages_are_added_up_and_nothing_else(recording: Recording) -> None:
    recording.zone("intel-rapl:0", "package-0", 1_000_000)
    recording.zone("intel-rapl:0:0", "core", 5)
    recording.zone("intel-rapl:1", "package-1", 7_000_000)
    recording.zone("intel-rapl:2", "psys", 9)
    recording.zone("intel-rapl-mmio:0", "package-0", 1_000_000)
    counter = powercap(recording.root)
    assert counter.joules() == 0
    recording.set("intel-rapl:0", 3_500_000)
    recording.set("intel-rapl:1", 7_250_000)
    for other in ("intel-rapl:0:0", "intel-rapl:2", "intel-rapl-mmio:0"):
        recording.set(other, 10**9)
    assert counter.joules() == 2.75


def test_a_recording_with_a_wrap_is_replayed(recording: Recording) -> None:
    recording.zone("intel-rapl:0", "package-0", RANGE - 40_000_000)
    counter = powercap(recording.root)
    read = []
    for energy in (RANGE - 15_000_000, 5_000_000, 5_000_000, RANGE - 1_000_000, 2_000_000):
        recording.set("intel-rapl:0", energy)
        read.append(counter.joules())
    assert read == pytest.approx([25, 45, 45, 45 + RANGE / 1e6 - 6, 45 + RANGE / 1e6 - 3])


def test_no_zones_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=re.escape(f"no readable counter: {tmp_path} shows no processor package")):
        powercap(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_counters_are_said(recording: Recording) -> None:
    recording.zone("intel-rapl:0", "package-0", 5)
    (recording.root / "intel-rapl:0" / "energy_uj").chmod(0)
    with pytest.raises(Unavailable, match="readable by root alone"):
        powercap(recording.root)


def test_forbidden_counters_are_said_to_root_too(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    recording.zone("intel-rapl:0", "package-0", 5)

    def refuse(path: Path, **_: Any) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return "package-0" if path.name == "name" else str(RANGE)

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(Unavailable, match=r"energy_uj is readable by root alone \(sudo chmod a\+r "):
        powercap(recording.root)


@pytest.mark.parametrize("broken", ["", "-5", "12.5", "many"])
def test_nonsense_in_a_counter_is_said(recording: Recording, broken: str) -> None:
    recording.zone("intel-rapl:0", "package-0", 5)
    recording.set("intel-rapl:0", broken)
    with pytest.raises(Unavailable, match="expected microjoules"):
        powercap(recording.root)


def test_a_counter_that_goes_away_is_said(recording: Recording) -> None:
    recording.zone("intel-rapl:0", "package-0", 5)
    counter = powercap(recording.root)
    (recording.root / "intel-rapl:0" / "energy_uj").unlink()
    with pytest.raises(Unavailable, match="no readable counter"):
        counter.joules()


class FakeNvml(SimpleNamespace):
    """Stands for the package pynvml: a counter in millijoules."""

    class NVMLError(Exception):
        pass

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        if index > 0:
            raise self.NVMLError("Invalid Argument")
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:
        return int(self.readings.pop(0))


def test_nvml_counts_millijoules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(readings=[5_000, 12_500]))
    assert find_counter("cuda", 0).joules() == 7.5
    with pytest.raises(Unavailable, match="no readable counter: NVML: Invalid Argument"):
        nvml(1)


def test_a_counter_without_range_must_not_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(readings=[5_000, 4_999]))
    counter = nvml(0)
    with pytest.raises(Unavailable, match="went backwards"):
        counter.joules()


def test_without_pynvml_a_gpu_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(Unavailable, match=r"no readable counter: .* package nvidia-ml-py: pip install 'minas\[nvidia\]'"):
        find_counter("cuda")


def test_unknown_devices_are_not_guessed() -> None:
    with pytest.raises(Unavailable, match="device mps"):
        find_counter("mps")


class FakeCounter:
    """Watts times the time of a clock that ticks with each reading."""

    source = "fake"

    def __init__(self, watts: float) -> None:
        self.watts, self.now = watts, 0.0

    def joules(self) -> float:
        return self.watts * self.now


def test_work_is_repeated_until_the_window_is_full() -> None:
    counter = FakeCounter(watts=10)
    done = []

    def work() -> None:
        done.append(counter.now)
        counter.now += 0.3

    joules = joules_of(work, counter, seconds=2, clock=lambda: counter.now)
    assert joules == pytest.approx(3)
    assert len(done) == 1 + 7


def test_slow_work_is_done_once_in_the_window() -> None:
    counter = FakeCounter(watts=10)

    def work() -> None:
        counter.now += 100

    assert joules_of(work, counter, seconds=2, clock=lambda: counter.now) == pytest.approx(1000)


def test_a_counter_that_stands_still_is_not_zero_joules() -> None:
    counter = FakeCounter(watts=0)

    def work() -> None:
        counter.now += 1

    with pytest.raises(Unavailable, match=r"no readable counter: fake stood still for 2.0 s"):
        joules_of(work, counter, seconds=2, clock=lambda: counter.now)


def test_the_default_place_is_the_kernels() -> None:
    assert Path("/sys/class/powercap") == _counters.POWERCAP
