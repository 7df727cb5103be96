"""Models: containers with their data, kept whole.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

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

    def definition(self) -> ContainerDefinition:
        """The one container, as hosting it needs it.

        Raises:
            ValueError: It has none, or an inference pipeline of several: the local AWS hosts one a variant.
        """
        containers = self.containers()
        if len(containers) != 1:
            raise ValueError(
                f'The local AWS hosts one container a variant; model "{self.arn}" has {len(containers)} containers.'
            )
        container = containers[0]
        source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
        return ContainerDefinition(
            model_name=self.model_name,
            image=container.get("Image", ""),
            environment=dict(container.get("Environment") or {}),
            model_data_uri=source.get("S3Uri") or container.get("ModelDataUrl"),
            is_compressed=source.get("CompressionType", "Gzip") == "Gzip",
            execution_role_arn=self.params.get("ExecutionRoleArn"),
        )


def check_new_model(params: Params, arn: str, existing: dict[str, Any]) -> None:
    """Refuse a name that is taken, and both forms of containers at once.

    Raises:
        AWSValidationException: As AWS words it.
    """
    if params["ModelName"] in existing:
        raise refusals.already_exists("model", arn)
    if params.get("PrimaryContainer") is not None and params.get("Containers"):
        # A guess at the wording; API_CreateModel gives the two as alternatives.
        raise refusals.invalid("Only one of PrimaryContainer and Containers may be specified.")
