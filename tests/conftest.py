"""What all test modules share: hypothesis shows the same examples on every run."""

from __future__ import annotations

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
