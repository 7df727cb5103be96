"""A bucket in the test's process, for tests of what goes into one and comes out of it."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def s3_in_process():
    from tests.unit.packaging.s3_buckets import s3_clients  # a second to import, which few of these tests need

    with s3_clients():
        yield


@pytest.fixture
def s3(s3_in_process):
    from tests.unit.packaging.s3_buckets import new_bucket

    with new_bucket() as bucket:
        yield bucket
