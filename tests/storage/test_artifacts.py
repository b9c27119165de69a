"""Artifacts and files are addressed by their contents, and nothing half-written is ever seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.artifacts import ArtifactStore
from storage.files import FileStore
from storage.locks import FileLock, is_held


def _write(text: str, name: str = "a.txt"):
    return lambda folder: (folder / name).write_text(text)


def test_equal_contents_have_one_address_and_others_have_another(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    first, again, other = store.put(_write("x")), store.put(_write("x")), store.put(_write("y"))
    renamed = store.put(_write("x", "b.txt"))
    assert first == again
    assert len({first.hash, other.hash, renamed.hash}) == 3
    assert (store.path(first.hash) / "a.txt").read_text() == "x"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)

    def broken(folder: Path) -> None:
        (folder / "a.txt").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.put(broken)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", "link"])
def test_no_name_leads_out_of_an_artifact(tmp_path: Path, name: str) -> None:
    store = ArtifactStore(tmp_path / "store")
    (tmp_path / "secret").write_text("secret")
    stored = store.put(_write("x"))
    (stored.path / "link").symlink_to(tmp_path / "secret")
    assert store.file(stored.hash, name) is None
    assert store.file(stored.hash, "a.txt") is not None


@pytest.mark.parametrize("digest", ["", "..", "../../etc/passwd", "A" * 64, "g" * 64, "a" * 63])
def test_only_a_hash_is_an_address(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ValueError, match="is not the hash"):
        ArtifactStore(tmp_path).path(digest)
    assert FileStore(tmp_path / "files").path(digest) is None


def test_streams_are_stored_under_their_hash(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    digest, size = store.put_chunks(iter([b"ab", b"c"]))
    assert (digest, size) == (store.put(b"abc"), 3)
    found = store.path(digest)
    assert found is not None
    assert found.read_bytes() == b"abc"


def test_a_lock_is_seen_by_others_until_it_is_released(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.take()
    assert is_held(lock.path)
    assert not FileLock(lock.path).take()
    lock.release()
    assert not is_held(lock.path)
