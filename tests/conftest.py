"""Tiers: a test's folder is its tier. No test is timed: machines are shared."""

from __future__ import annotations

import gc
import importlib
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

TIERS = {"unit": pytest.mark.unit, "functional": pytest.mark.functional, "aws": pytest.mark.aws}


hypothesis.settings.register_profile("every test", deadline=None)
hypothesis.settings.register_profile("inner loop", deadline=None, max_examples=12)


def pytest_configure(config: pytest.Config) -> None:
    """The inner loop looks at fewer examples of each property."""
    is_inner = "not slow" in str(config.getoption("markexpr"))
    hypothesis.settings.load_profile("inner loop" if is_inner else "every test")
    # Pulumi imports dill, which puts its types into the standard pickler, and joblib copies that when it is imported:
    # models are trained where nobody did.
    importlib.import_module("dill").extend(use_dill=False)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays: looking for garbage among it, again and again, is a third of the time it takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _a_changed_program_is_read_anew() -> Iterator[None]:
    """Tests change a program faster than cached bytecode tells: it keeps whole seconds and the length of the source."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        yield


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell's background job begins with SIGINT ignored, and so does whatever it starts: a CI may be one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(here).parts[0]
        if tier in TIERS:
            item.add_marker(TIERS[tier])
