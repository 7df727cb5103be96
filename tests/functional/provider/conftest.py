"""One local AWS for all tests of the provider, emptied before each: making boto3's clients is what takes time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from greenroom.sandbox.cloud.address import CloudAddress
from greenroom.sandbox.cloud.in_process import in_process_cloud
from greenroom.sandbox.cloud.stage import TransitionTimes
from greenroom.sandbox.provider.clients import CLIENTS, MODELS
from greenroom.sandbox.provider.validator import ServiceModelValidator
from tests.functional.provider.aws_stage import ACCOUNT, AwsStage

QUICK = TransitionTimes(0.01, 0.01, 0.01, 0.01, 0.01)


@dataclass
class SentRequests:
    """The operations whose requests were looked at by the validator, and those that were sent."""

    checked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def about_to_build(self, **event: Any) -> None:
        """Checked is a request that breaks nothing of the service model."""
        model, params = event["model"], event["params"]
        found = [] if model.input_shape is None else ServiceModelValidator().validate(params, model.input_shape).found
        assert found == []
        self.checked.append(model.name)

    def about_to_send(self, **event: Any) -> None:
        """It leaves."""
        self.sent.append(event["model"].name)


@pytest.fixture(scope="package")
def all_requests() -> Iterator[SentRequests]:
    """What the clients of this package's tests send: they are made after this."""
    CLIENTS.let_go()
    seen, session = SentRequests(), MODELS.session()
    session.register("before-parameter-build", seen.about_to_build)
    session.register("before-call", seen.about_to_send)
    yield seen
    session.unregister("before-parameter-build", seen.about_to_build)
    session.unregister("before-call", seen.about_to_send)
    CLIENTS.let_go()


@pytest.fixture(scope="package")
def cloud(all_requests: SentRequests) -> Iterator[CloudAddress]:
    with in_process_cloud(default_account_id=ACCOUNT, load_models=False, times=QUICK) as address:
        yield address


@pytest.fixture
def sent_requests(all_requests: SentRequests) -> SentRequests:
    """What is sent in this test."""
    all_requests.checked.clear()
    all_requests.sent.clear()
    return all_requests


@pytest.fixture
def stage(cloud: CloudAddress) -> AwsStage:
    from moto.moto_api._internal import moto_api_backend

    moto_api_backend.reset()
    return AwsStage(cloud.url)
