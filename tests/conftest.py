"""How tests are run. Their fixtures are in `fixtures`, which only processes that run tests load: it takes seconds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# the machine may be busy; --hypothesis-profile=thorough tries ten times as many examples
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", UNTIMED, max_examples=25)
settings.register_profile("thorough", UNTIMED, max_examples=250)
settings.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    hands_out = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if not hands_out:
        config.pluginmanager.import_plugin("tests.fixtures")
