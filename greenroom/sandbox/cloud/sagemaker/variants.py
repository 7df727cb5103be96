"""A production variant on an endpoint: its share of the traffic and its instances, wanted and present.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantSummary.html
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from greenroom.sandbox.cloud.stage import Params


@dataclass(frozen=True)
class EndpointVariant:
    """A variant of a deployment. `config` is the ProductionVariant of the endpoint configuration."""

    config: Params
    image: str | None
    resolved_at: dt.datetime
    weight: float
    instance_count: int | None
    serverless: Params | None = None

    @property
    def name(self) -> str:
        """VariantName."""
        return str(self.config["VariantName"])

    @property
    def instance_type(self) -> str | None:
        """InstanceType; None for a serverless variant."""
        value = self.config.get("InstanceType")
        return None if value is None else str(value)

    def with_capacity(
        self, *, weight: float | None, instance_count: int | None, serverless: Params | None = None
    ) -> EndpointVariant:
        """The variant with another weight, count or concurrency; None leaves it."""
        return replace(
            self,
            weight=self.weight if weight is None else weight,
            instance_count=self.instance_count if instance_count is None else instance_count,
            serverless=self.serverless if serverless is None else serverless,
        )

    def summary(self) -> dict[str, Any]:
        """A ProductionVariantSummary, of a variant that has what it wants."""
        answer: dict[str, Any] = {
            "VariantName": self.name,
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
        }
        if self.image is not None:
            # ResolvedImage is the image with its digest; no registry is asked here, so it is there only if given so.
            deployed: dict[str, Any] = {"SpecifiedImage": self.image, "ResolutionTime": self.resolved_at}
            if "@sha256:" in self.image:
                deployed["ResolvedImage"] = self.image
            answer["DeployedImages"] = [deployed]
        if self.instance_count is not None:
            answer |= {"CurrentInstanceCount": self.instance_count, "DesiredInstanceCount": self.instance_count}
        if self.serverless is not None:
            answer |= {"CurrentServerlessConfig": self.serverless, "DesiredServerlessConfig": self.serverless}
        kept = ("ManagedInstanceScaling", "RoutingConfig")
        return answer | {member: self.config[member] for member in kept if member in self.config}


def new_variant(config: Params, image: str | None, now: dt.datetime) -> EndpointVariant:
    """A variant as its configuration wants it at first."""
    return EndpointVariant(
        config=config,
        image=image,
        resolved_at=now,
        weight=config["InitialVariantWeight"],
        instance_count=config.get("InitialInstanceCount"),
        serverless=config.get("ServerlessConfig"),
    )
