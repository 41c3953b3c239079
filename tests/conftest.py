"""What all test modules share: hypothesis shows the same examples on every run, and Ctrl-C is not ignored."""

from __future__ import annotations

import signal

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

# Tests press Ctrl-C, which a process started in the background of a script ignores.
signal.signal(signal.SIGINT, signal.default_int_handler)
