"""Tiers: a test's folder is its tier."""

from __future__ import annotations

from pathlib import Path

import pytest

TIERS = {"unit": pytest.mark.unit, "functional": pytest.mark.functional, "aws": pytest.mark.aws}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(here).parts[0]
        if tier in TIERS:
            item.add_marker(TIERS[tier])
