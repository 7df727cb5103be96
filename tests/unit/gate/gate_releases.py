"""A manifest for tests in which nothing of it counts but what is given."""

from __future__ import annotations

from typing import Any

from model_packaging.release import Release, sealed
from tests.unit.manifests import manifest


def a_release(**fields: Any) -> Release:
    """A sealed release of a model `tumor` with these fields."""
    return sealed(manifest(**fields))
