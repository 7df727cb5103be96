"""One local AWS for all tests of the provider, emptied before each: making boto3's clients is what takes time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from greenroom.sandbox.cloud.address import CloudAddress
from greenroom.sandbox.cloud.in_process import in_process_cloud
from greenroom.sandbox.cloud.stage import TransitionTimes
from tests.functional.provider.aws_stage import ACCOUNT, AwsStage

QUICK = TransitionTimes(0.01, 0.01, 0.01, 0.01, 0.01)


@pytest.fixture(scope="package")
def cloud() -> Iterator[CloudAddress]:
    with in_process_cloud(default_account_id=ACCOUNT, load_models=False, times=QUICK) as address:
        yield address


@pytest.fixture
def stage(cloud: CloudAddress) -> AwsStage:
    from moto.moto_api._internal import moto_api_backend

    moto_api_backend.reset()
    return AwsStage(cloud.url)
