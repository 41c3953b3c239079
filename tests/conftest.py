"""What test modules share: where the repository is, and the same examples on every run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Same examples each time, on slow machines too; nothing is written into the checkout.
settings.register_profile(
    "wildvec",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("wildvec")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout (or unpacked sdist) that these tests belong to."""
    return Path(__file__).resolve().parents[1]
