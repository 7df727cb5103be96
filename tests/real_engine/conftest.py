from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.differential.warm_language_host import warm_language_host


@pytest.fixture(scope="module")
def quick_programs() -> Iterator[None]:
    """`pulumi` forks programs off an interpreter that has the SDK, and starts none of its own."""
    with warm_language_host() as port, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_DEBUG_LANGUAGES", f"python:{port}")
        yield
