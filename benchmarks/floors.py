"""What the same work costs at the least: the yardsticks that the executor is held against, measured in the same run."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path

import numpy as np

from pipelines.document import Document


def one_transaction_per_step(document: Document, journal: str, synchronous: str) -> float:
    """Seconds of one SQLite transaction for every step, with a key for each."""
    with tempfile.TemporaryDirectory(prefix="genloom-floor-") as folder:
        connection = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE steps (node TEXT PRIMARY KEY, status TEXT, key TEXT)")
        began = time.perf_counter()
        for node in document.nodes:
            connection.execute("BEGIN IMMEDIATE")
            key = hashlib.sha256(node.id.encode()).hexdigest()
            connection.execute("INSERT INTO steps VALUES (?, 'done', ?)", (node.id, key))
            connection.execute("COMMIT")
        taken = time.perf_counter() - began
        connection.close()
        return taken


def write_and_hash(arrays: list[np.ndarray], durable: bool) -> float:
    """Seconds to hash every array and write it to a file, with an fsync each where `durable`."""
    with tempfile.TemporaryDirectory(prefix="genloom-floor-") as folder:
        began = time.perf_counter()
        for index, array in enumerate(arrays):
            hashlib.sha256(array.data).hexdigest()
            with open(f"{folder}/{index}.npy", "wb") as file:
                np.save(file, array, allow_pickle=False)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
        return time.perf_counter() - began
