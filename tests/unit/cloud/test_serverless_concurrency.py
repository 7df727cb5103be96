"""What a serverless variant lets in at once, and what it tells of it."""

from __future__ import annotations

import contextlib

import pytest

from greenroom.sandbox.cloud.serverless_concurrency import ServerlessConcurrency, ThrottledError

CONFIG = {"MemorySizeInMB": 1024, "MaxConcurrency": 4, "ProvisionedConcurrency": 2}


def test_what_is_beyond_the_maximum_is_refused_and_what_ends_makes_room():
    """https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html ."""
    concurrency = ServerlessConcurrency()
    with contextlib.ExitStack() as in_flight:
        for _ in range(4):
            in_flight.enter_context(concurrency.one_more("endpoint/v", CONFIG))
        with (
            pytest.raises(ThrottledError, match="4 concurrent invocations"),
            concurrency.one_more("endpoint/v", CONFIG),
        ):
            raise AssertionError
        with concurrency.one_more("another/v", CONFIG):
            pass
    with concurrency.one_more("endpoint/v", CONFIG) as now:
        assert now.executions == 1


@pytest.mark.parametrize(
    ("before", "utilization", "provisioned_utilization", "is_spilled"),
    [(0, 0.25, 0.5, 0), (1, 0.5, 1, 0), (2, 0.75, 1, 1)],
)
def test_provisioned_concurrency_is_used_first_and_the_rest_spills_over(
    before, utilization, provisioned_utilization, is_spilled
):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-monitoring.html ."""
    concurrency = ServerlessConcurrency()
    with contextlib.ExitStack() as in_flight:
        for _ in range(before):
            in_flight.enter_context(concurrency.one_more("v", CONFIG))
        told = {name: value for name, value, _ in in_flight.enter_context(concurrency.one_more("v", CONFIG)).metrics()}
    assert told == {
        "ServerlessConcurrentExecutionsUtilization": utilization,
        "ServerlessProvisionedConcurrencyExecutions": min(before + 1, 2),
        "ServerlessProvisionedConcurrencyUtilization": provisioned_utilization,
        "ServerlessProvisionedConcurrencyInvocations": 1 - is_spilled,
        "ServerlessProvisionedConcurrencySpilloverInvocations": is_spilled,
    }
