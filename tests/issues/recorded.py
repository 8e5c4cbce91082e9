"""Where the recorded data lie, if they do."""

import os
from pathlib import Path

import pytest

MAPPING = Path(__file__).parents[2] / "deploy" / "replay" / "la-311-mapping.json"


def recorded(name: str) -> Path:
    """Find a recorded file, or skip the test."""
    folder = Path(os.environ.get("LINLI_DATA") or Path(__file__).parents[3] / "shared" / "data")
    if not (folder / name).exists():
        pytest.skip(f"{name} is not in {folder}: set LINLI_DATA to the folder of recorded data")
    return folder / name
