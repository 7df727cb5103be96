"""The reference page tells what the tables have."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.sandbox.provider.errors import REFERENCE_PAGE
from greenroom.sandbox.provider.reference import reference_page

ROOT = Path(__file__).parents[3]


@pytest.mark.slow  # it reads every module of the SDKs that the sandbox has a type or a function of
def test_the_page_in_the_repository_is_the_one_that_the_tables_make() -> None:
    written = (ROOT / REFERENCE_PAGE).read_text(encoding="utf-8")
    assert written == reference_page(), (
        f"write it anew: python -m greenroom.sandbox.provider.reference {REFERENCE_PAGE}"
    )
