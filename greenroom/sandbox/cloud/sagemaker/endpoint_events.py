"""What SageMaker tells EventBridge of its endpoints: each state, and each step of a deployment.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html : states are written
`IN_SERVICE` there, times as milliseconds since the epoch, tags as a mapping.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from greenroom.sandbox.cloud.events import AwsEvent, emit
from greenroom.sandbox.cloud.sagemaker import endpoint_descriptions

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint

SOURCE = "aws.sagemaker"
STATE_CHANGE = "SageMaker Endpoint State Change"
DEPLOYMENT_STATE_CHANGE = "SageMaker Endpoint Deployment State Change"
TOLD_OF_VARIANTS = frozenset(
    {
        "VariantName",
        "CurrentWeight",
        "DesiredWeight",
        "CurrentInstanceCount",
        "DesiredInstanceCount",
        "CurrentServerlessConfig",
        "DesiredServerlessConfig",
        "VariantStatus",
    }
)
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


def tell_status(endpoint: Endpoint) -> None:
    """The endpoint is in another state than before."""
    _tell(endpoint, STATE_CHANGE, _detail(endpoint))
    pending = endpoint.pending
    if pending is not None and not pending.is_new_fleet and not endpoint.has_failed:
        _tell(endpoint, DEPLOYMENT_STATE_CHANGE, _detail(endpoint))  # "updated with new capacity on an existing …"


def tell_deployment(endpoint: Endpoint, status: str | None = None) -> None:
    """The deployment under way has come to its next step; `status` is the VariantStatus."""
    detail = _detail(endpoint)
    pending = endpoint_descriptions.pending_deployment(endpoint, status)
    if pending is not None:
        variants = [_variant(one) for one in pending["ProductionVariants"]]
        detail["PendingDeploymentSummary"] = _plain(pending) | {"ProductionVariants": variants}
    _tell(endpoint, DEPLOYMENT_STATE_CHANGE, detail)


def _tell(endpoint: Endpoint, detail_type: str, detail: dict[str, Any]) -> None:
    emit(AwsEvent(endpoint.account_id, endpoint.region, SOURCE, detail_type, detail, (endpoint.arn,)))


def _detail(endpoint: Endpoint) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "EndpointName": endpoint.endpoint_name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.endpoint_config_name,
        "ProductionVariants": [_variant(one) for one in endpoint_descriptions.production_variants(endpoint)],
        "EndpointStatus": _WORD_START.sub("_", endpoint.endpoint_status).upper(),
        "CreationTime": _plain(endpoint.creation_time),
        "LastModifiedTime": _plain(endpoint.last_modified_time),
        "Tags": {tag["Key"]: tag["Value"] for tag in endpoint.tags},
    }
    if endpoint.failure_reason is not None:
        detail["FailureReason"] = endpoint.failure_reason
    return detail


def _variant(told: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in told.items() if key in TOLD_OF_VARIANTS}


def _plain(value: Any) -> Any:
    """`value` with its times in milliseconds since the epoch."""
    match value:
        case dt.datetime():
            aware = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
            return int(aware.timestamp() * 1000)
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case _:
            return value
