"""Executes a notebook in a folder: `python -m tests.executed_notebook NOTEBOOK FOLDER`.

In a process of its own: what it opens to talk with the kernel is closed when that ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient


def main() -> None:
    """Writes the notebook with its outputs into the folder, under its own name."""
    source, folder = map(Path, sys.argv[1:])
    book = nbformat.read(source, as_version=4)
    # Sockets that are files: nothing goes over a network.
    manager = KernelManager(transport="ipc", ip=str(folder / "kernel"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    client = NotebookClient(
        book, km=manager, timeout=600, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**os.environ, "PATH": path})
    nbformat.write(book, folder / source.name)


if __name__ == "__main__":
    main()
