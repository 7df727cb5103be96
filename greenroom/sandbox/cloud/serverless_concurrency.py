"""How many requests a serverless variant has in flight, what it refuses, and what it tells of it.

https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html and, for the metrics,
https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-monitoring.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from greenroom.sandbox.cloud.service_metrics import Metric
from greenroom.sandbox.cloud.stage import Params


class ThrottledError(Exception):
    """More requests at once than MaxConcurrency."""


@dataclass(frozen=True)
class Concurrency:
    """The requests in flight as one of them began, itself included, with what the variant may have."""

    executions: int
    max_concurrency: int
    provisioned_concurrency: int

    def metrics(self) -> list[Metric]:
        """What CloudWatch gets of them."""
        metrics: list[Metric] = [
            ("ServerlessConcurrentExecutionsUtilization", self.executions / self.max_concurrency, "None")
        ]
        if not self.provisioned_concurrency:
            return metrics
        is_provisioned = self.executions <= self.provisioned_concurrency
        executions = min(self.executions, self.provisioned_concurrency)
        return [
            *metrics,
            ("ServerlessProvisionedConcurrencyExecutions", float(executions), "Count"),
            ("ServerlessProvisionedConcurrencyUtilization", executions / self.provisioned_concurrency, "None"),
            ("ServerlessProvisionedConcurrencyInvocations", float(is_provisioned), "Count"),
            ("ServerlessProvisionedConcurrencySpilloverInvocations", float(not is_provisioned), "Count"),
        ]


class ServerlessConcurrency:
    """The requests in flight of every serverless variant of the cloud, by a key of the caller's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight: dict[str, int] = {}

    @contextmanager
    def one_more(self, key: str, config: Params) -> Iterator[Concurrency]:
        """Within the block one more request is in flight.

        Raises:
            ThrottledError: There are as many as the variant may have.
        """
        most = int(config["MaxConcurrency"])
        with self._lock:
            executions = self._in_flight.get(key, 0) + 1
            if executions > most:
                raise ThrottledError(f"Rate exceeded: {most} concurrent invocations (MaxConcurrency)")  # a guess
            self._in_flight[key] = executions
        try:
            yield Concurrency(executions, most, int(config.get("ProvisionedConcurrency") or 0))
        finally:
            with self._lock:
                self._in_flight[key] -= 1
