"""Reading energy counters: Linux powercap for processors, NVML for NVIDIA GPUs. What can't be read is said, never guessed.

A processor's counter covers its whole package: every process, and idling. It counts up and starts again at 0 after
`max_energy_range_uj`, which takes some ten minutes of full load: read it more often than that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from minas.errors import MissingExtraError
from minas.measures import Unavailable

POWERCAP = Path("/sys/class/powercap")


class EnergyCounter(Protocol):
    """Counts energy from the moment when it was made."""

    @property
    def source(self) -> str:
        """What is read, for reports."""

    def joules(self) -> float:
        """Return the joules since the counter was made."""


@dataclass
class Register:
    """One hardware register that counts microjoules up and wraps around.

    Attributes:
        read: returns the register, in microjoules.
        span: after how many microjoules it starts again at 0; None where it never does.
    """

    read: Callable[[], int]
    span: int | None = None

    def __post_init__(self) -> None:
        self._last = self.read()
        self._total = 0

    def microjoules(self) -> int:
        """Return the microjoules since the register was first read. At most one wrap is seen between two reads."""
        now = self.read()
        grown = now - self._last
        if grown < 0:
            if self.span is None:
                raise Unavailable("no readable counter: it went backwards")
            grown += self.span
        self._last = now
        self._total += grown
        return self._total


@dataclass
class Registers:
    """The sum of several registers, such as the packages of a machine."""

    source: str
    registers: Sequence[Register]

    def joules(self) -> float:
        """Return the joules since the registers were first read."""
        return sum(register.microjoules() for register in self.registers) / 1e6


def powercap(root: Path = POWERCAP) -> Registers:
    """Return the counter of all processor packages by Linux powercap (RAPL; Intel and AMD).

    Args:
        root: where the kernel shows its zones, `intel-rapl:*`.

    Raises:
        Unavailable: there is none, or it may not be read.
    """
    zones = sorted(root.glob("intel-rapl:*"))
    packages = [zone for zone in zones if _text(zone / "name").startswith("package")]
    if not packages:
        raise Unavailable(f"no readable counter: {root} shows no processor package (a virtual machine, or not Linux)")
    return Registers("powercap", [_package(zone) for zone in packages])


def _package(zone: Path) -> Register:
    file = zone / "energy_uj"
    return Register(lambda: _number(file), _number(zone / "max_energy_range_uj"))


def _number(file: Path) -> int:
    text = _text(file)
    if not text.isdecimal():
        raise Unavailable(f"no readable counter: {file} holds '{text[:40]}', expected microjoules")
    return int(text)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except PermissionError:
        raise Unavailable(f"no readable counter: {file} is readable by root alone (sudo chmod a+r {file})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"no readable counter: {file}: {error}") from None


def nvml(index: int) -> Registers:
    """Return the counter of one NVIDIA GPU (Volta or newer), by the package nvidia-ml-py.

    Raises:
        Unavailable: the package or the driver is missing, or the GPU keeps no energy counter.
    """
    try:
        import pynvml  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        missing = MissingExtraError("nvidia-ml-py", "nvidia", "reading an NVIDIA GPU")
        raise Unavailable(f"no readable counter: {missing}") from missing
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        return Registers("NVML", [Register(_milli(pynvml, handle))])
    except pynvml.NVMLError as error:
        raise Unavailable(f"no readable counter: NVML: {error}") from None


def _milli(library: Any, handle: Any) -> Callable[[], int]:
    """NVML counts millijoules since the driver was loaded."""
    return lambda: int(library.nvmlDeviceGetTotalEnergyConsumption(handle)) * 1000


def find_counter(device: str = "cpu", index: int = 0) -> EnergyCounter:
    """Return the counter of the device that a network runs on.

    Args:
        device: torch's kind of device, `cpu` or `cuda`.
        index: which GPU.

    Raises:
        Unavailable: nothing can be read there; the text says why.
    """
    if device == "cpu":
        return powercap()
    if device == "cuda":
        return nvml(index)
    raise Unavailable(f"no readable counter: MINAS knows none for the device {device}")
