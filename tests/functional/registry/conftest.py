"""A local AWS in the test's process, as the account that the artifact store is in."""

from __future__ import annotations

import pytest

from greenroom.sandbox.cloud import in_process_cloud
from tests.functional.cloud.conftest import Aws


@pytest.fixture(scope="module")
def registry_aws():
    """One local AWS for a file's tests: each uses a model of its own."""
    with in_process_cloud(load_models=False) as address:
        aws = Aws(address.url)
        aws.client("s3").create_bucket(Bucket="artifacts")
        yield aws
