"""A zip of pictures as a collection: which files are good pictures, which class each belongs to, what was left out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nodes.errors import BlockError
from nodes.reading.archives import Archive, Damaged, Member
from nodes.reading.magic import READ, Kind, describe, kind_of
from nodes.reading.pictures import fault

_SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}


@dataclass(frozen=True)
class Inspection:
    """What an upload holds, before anything is run on it.

    `classes` are (name, count) by name, empty where no subfolders name classes; `skipped` are (name, why).
    """

    count: int
    classes: tuple[tuple[str, int], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    summary: str = ""


@dataclass
class Collection:
    """What has been found so far while an archive is walked. `names` are those of good pictures, in order."""

    names: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def walk(
        self,
        path: Path,
        steps: Callable[[list[Member]], Iterable[Member]] = iter,
        decode: Callable[[], bool] = lambda: True,
    ) -> Iterator[tuple[bytes, Kind]]:
        """Yield the bytes and format of every good picture; `names` has grown by its name.

        Args:
            path: the zip archive.
            steps: walks the members, perhaps reporting progress.
            decode: whether to decode the next picture to be sure of it.

        Raises:
            BlockError: the archive is refused, or holds no usable picture.
        """
        with Archive(path) as archive:
            for member in steps(archive.members):
                found = self._one(archive, member, decode)
                if isinstance(found, str):
                    self.skipped.append((member.name, found))
                else:
                    self.names.append(member.name)
                    yield found
        if not self.names:
            raise self._nothing()

    def _one(self, archive: Archive, member: Member, decode: Callable[[], bool]) -> tuple[bytes, Kind] | str:
        try:
            data, whole = archive.read(member, lambda head: kind_of(head) is not None)
        except Damaged as error:
            return str(error)
        kind = kind_of(data)
        if kind is None or not whole:
            return f"it is {describe(data)}, not a {READ} picture"
        why = fault(data, kind) if decode() else None
        return why or (data, kind)

    def _nothing(self) -> BlockError:
        if not self.skipped:
            return BlockError(
                "The archive holds no files. Put images into a folder, zip that and upload the zip."
            )
        broken = [(name, why) for name, why in self.skipped if not why.endswith("picture")]
        if broken:
            count = len(self.skipped)
            which = "The only file" if count == 1 else f"None of the {count:,} files"
            return BlockError(
                f"{which} in the archive is {'no' if count == 1 else 'a'} usable picture: {_listed(broken)}. "
                "Open them in a picture viewer, save them again as PNG or JPEG, and upload a new zip."
            )
        return BlockError(
            f"The archive holds no {READ} picture, but other files ({len(self.skipped):,}): "
            f"{_listed(self.skipped)}. Upload a zip of the images themselves."
        )

    def classes(self) -> tuple[list[str], list[int] | None, list[str]]:
        """Class names, the class number of every name (None without classes), and warnings.

        The class is the first folder that is not shared by all pictures.

        Raises:
            BlockError: some pictures lie in class folders and others beside them.
        """
        folders = [name.split("/")[:-1] for name in self.names]
        while folders and folders[0] and all(f[:1] == folders[0][:1] for f in folders):
            folders = [f[1:] for f in folders]
        warnings = []
        splits = sorted({f[0] for f in folders if f})
        if splits and all(len(f) > 1 and f[0].lower() in _SPLITS for f in folders):
            warnings.append(
                f"The folders {_and(splits)} were put together; Prepare images makes its own split."
            )
            folders = [f[1:] for f in folders]
        if not any(folders):
            return [], None, warnings
        loose = [name for name, folder in zip(self.names, folders, strict=True) if not folder]
        names = sorted({f[0] for f in folders if f})
        if loose:
            raise BlockError(
                f"{len(loose):,} of {len(self.names):,} images lie beside the class folders {_and(names)}, such as "
                f"“{loose[0]}”, so their class is unknown. Move every image into a class folder, or put all into "
                "one folder to have no classes."
            )
        return names, [names.index(f[0]) for f in folders], warnings + _doubts(names, [f[0] for f in folders])


def inspect(path: Path, seconds: float = 10.0) -> Inspection:
    """Say what an upload holds, by the same rules as the block that reads it.

    Args:
        path: the zip archive.
        seconds: after this time pictures are only recognised and no longer decoded, and a warning says so.

    Raises:
        BlockError: the archive is refused, or holds no usable picture.
    """
    until, unchecked = time.monotonic() + seconds, 0

    def decode() -> bool:
        nonlocal unchecked
        unchecked += time.monotonic() > until
        return time.monotonic() <= until

    found = Collection()
    for _ in found.walk(path, decode=decode):
        pass
    names, numbers, warnings = found.classes()
    if unchecked:
        warnings.append(f"{unchecked:,} images were recognised but not opened yet; the run opens every one.")
    counts = Counter(numbers or [])
    classes = tuple((name, counts[index]) for index, name in enumerate(names))
    words = [f"{len(found.names):,} images", f"{len(names)} classes" if names else "no classes"]
    if found.skipped:
        words.append(f"{len(found.skipped):,} skipped")
    return Inspection(len(found.names), classes, tuple(found.skipped), tuple(warnings), " · ".join(words))


def _doubts(names: list[str], each: list[str]) -> list[str]:
    """What is probably not meant about the classes."""
    doubts = []
    for name, count in sorted(Counter(each).items()):
        if count < 10:
            doubts.append(f"Class “{name}” has only {count} {'image' if count == 1 else 'images'}.")
    lowered = Counter(name.casefold() for name in names)
    same = [name for name in names if lowered[name.casefold()] > 1]
    if same:
        doubts.append(f"The classes {_and(same)} differ only in capital letters.")
    if len(names) > 10 and len(doubts) > 10:
        doubts = [*doubts[:9], f"… and {len(doubts) - 9} more."]
    return doubts


def _listed(items: list[tuple[str, str]]) -> str:
    shown = "; ".join(f"“{name}”: {why}" for name, why in items[:3])
    return shown + (f"; and {len(items) - 3:,} more" if len(items) > 3 else "")


def _and(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names[:6]] + ([f"{len(names) - 6} more"] if len(names) > 6 else [])
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
