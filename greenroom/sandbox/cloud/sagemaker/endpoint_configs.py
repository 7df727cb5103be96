"""Endpoint configurations: what an endpoint is to consist of, kept whole and never changed.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

from __future__ import annotations

from typing import Any

from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.sagemaker.endpoint_config_rules import violations
from greenroom.sandbox.cloud.stage import Params

# "If unspecified, it defaults to 1.0":
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
DEFAULT_VARIANT_WEIGHT = 1.0


class EndpointConfig:
    """An endpoint configuration as CreateEndpointConfig was given it."""

    def __init__(self, params: Params, account_id: str, region: str) -> None:
        self.endpoint_config_name: str = params["EndpointConfigName"]
        self.arn = arn_formatter("endpoint-config", self.endpoint_config_name, account_id, region)
        self.tags: list[dict[str, str]] = list(params.get("Tags") or [])
        self.creation_time = CLOCK.utcnow()
        self.params = {key: value for key, value in params.items() if key != "Tags" and value is not None}
        self.params["ProductionVariants"] = [_with_default_weight(one) for one in params["ProductionVariants"]]

    @property
    def response_object(self) -> dict[str, Any]:
        """DescribeEndpointConfig's answer."""
        return {**self.params, "EndpointConfigArn": self.arn, "CreationTime": self.creation_time}

    def summary(self) -> dict[str, Any]:
        """One of ListEndpointConfigs's entries."""
        return {
            "EndpointConfigName": self.endpoint_config_name,
            "EndpointConfigArn": self.arn,
            "CreationTime": self.creation_time,
        }


def _with_default_weight(variant: Params) -> Params:
    return {"InitialVariantWeight": DEFAULT_VARIANT_WEIGHT, **variant}


def check_new_endpoint_config(params: Params, arn: str, existing: dict[str, Any], models: dict[str, Any]) -> None:
    """Refuse a name that is taken, models that are not there, and broken rules.

    Raises:
        AWSValidationException: As AWS words it.
    """
    if params["EndpointConfigName"] in existing:
        raise refusals.already_exists("endpoint-config", arn)
    for variant in (*params["ProductionVariants"], *(params.get("ShadowProductionVariants") or [])):
        _check_model(variant, arn, models)
    broken = violations(params, models)
    if broken:
        raise refusals.invalid(" ".join(broken))


def _check_model(variant: Params, config_arn: str, models: dict[str, Any]) -> None:
    """Refuse a model that is not there."""
    model_name = variant.get("ModelName")
    if model_name is not None and model_name not in models:
        raise refusals.not_found("model", config_arn.rpartition(":")[0] + f":model/{model_name}")
