"""Models: containers with their data, kept whole.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.stage import ContainerDefinition, Params


class SageMakerModel:
    """A model as CreateModel was given it."""

    def __init__(self, params: Params, account_id: str, region: str) -> None:
        self.model_name: str = params["ModelName"]
        self.arn = arn_formatter("model", self.model_name, account_id, region)
        self.tags: list[dict[str, str]] = list(params.get("Tags") or [])
        self.creation_time = CLOCK.utcnow()
        self.params = {key: value for key, value in params.items() if key != "Tags" and value is not None}

    @property
    def response_object(self) -> dict[str, Any]:
        """DescribeModel's answer. EnableNetworkIsolation is False where it was not given, as AWS says it."""
        return {
            "EnableNetworkIsolation": False,
            **self.params,
            "ModelArn": self.arn,
            "CreationTime": self.creation_time,
        }

    def containers(self) -> list[Params]:
        """The primary container, or those of an inference pipeline."""
        primary = self.params.get("PrimaryContainer")
        return [primary] if primary is not None else list(self.params.get("Containers") or [])

    @property
    def is_multi_model(self) -> bool:
        """Whether a container hosts many models, which callers name by TargetModel."""
        return any(one.get("Mode") == "MultiModel" for one in self.containers())

    @property
    def is_invoked_directly(self) -> bool:
        """Whether callers name the container, instead of each getting what the one before it answered.

        https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-endpoints.html
        """
        return (self.params.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct"

    def definitions(self) -> tuple[ContainerDefinition, ...]:
        """The containers, as hosting needs them."""
        return tuple(self._definition(one) for one in self.containers())

    def _definition(self, container: Params) -> ContainerDefinition:
        source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
        return ContainerDefinition(
            model_name=self.model_name,
            image=container.get("Image", ""),
            environment=dict(container.get("Environment") or {}),
            model_data_uri=source.get("S3Uri") or container.get("ModelDataUrl"),
            is_compressed=source.get("CompressionType", "Gzip") == "Gzip",
            execution_role_arn=self.params.get("ExecutionRoleArn"),
            hostname=container.get("ContainerHostname"),
            is_multi_model=container.get("Mode") == "MultiModel",
        )


MAX_CONTAINERS = 15


def check_new_model(params: Params, arn: str, existing: dict[str, Any]) -> None:
    """Refuse a name that is taken, and what containers may not be together.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html and
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html ; wordings are guesses.

    Raises:
        AWSValidationException: As AWS words it.
    """
    if params["ModelName"] in existing:
        raise refusals.already_exists("model", arn)
    broken = [*_container_violations(params)]
    if broken:
        raise refusals.invalid(" ".join(broken))


def _container_violations(params: Params) -> Iterator[str]:
    primary, several = params.get("PrimaryContainer"), params.get("Containers") or []
    if primary is not None and several:
        yield "Only one of PrimaryContainer and Containers may be specified."
    if len(several) > MAX_CONTAINERS:
        yield f"A model has at most {MAX_CONTAINERS} containers, not {len(several)}."
    names = [one.get("ContainerHostname") for one in several]
    for name in dict.fromkeys(one for one in names if one is not None and names.count(one) > 1):
        yield f"ContainerHostname must be unique: {name}"
    mode = (params.get("InferenceExecutionConfig") or {}).get("Mode", "Serial")
    if mode == "Direct" and None in names:
        yield "Containers that are invoked directly each need a ContainerHostname."
    for one in ([] if primary is None else [primary]) + several:
        if one.get("Mode") == "MultiModel" and not one.get("ModelDataUrl") and not one.get("ModelDataSource"):
            yield "A container of mode MultiModel needs a ModelDataUrl, the prefix of its models."
