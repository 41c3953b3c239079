"""Settings of all test modules: hypothesis shows the same examples on every run, and signals are not ignored."""

from __future__ import annotations

import signal
from importlib.util import find_spec

from hypothesis import HealthCheck, settings

# The same examples each time, also on slow machines; nothing is written into the checkout.
settings.register_profile(
    "wildvec",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("wildvec")

# Tests send signals. A process that was started in the background ignores Ctrl-C, and after nohup also SIGHUP.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests of what needs another package are collected where it is installed. PyTorch is too large for the extra `test`;
# a job of .github/workflows/ci.yml runs its tests.
collect_ignore = [
    path
    for module, path in (
        ("sklearn", "models/test_scikit_learn.py"),
        ("torch", "vectors/test_torch_layers.py"),
    )
    if find_spec(module) is None
]
