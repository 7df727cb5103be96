"""The SageMaker pipeline, which trains a model again.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types.sagemaker import SAGEMAKER_TAGS


@dataclass(frozen=True, kw_only=True)
class PipelineType(ResourceType):
    """A pipeline: its definition is a JSON document, here or in S3."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """With the token that makes the request safe to repeat: the same for the same request."""
        request = super().request(operation, properties, trace)
        if operation in {self.create, self.delete}:
            text = json.dumps(request, sort_keys=True, default=str)
            request["ClientRequestToken"] = hashlib.sha256(text.encode()).hexdigest()[:36]
        return request


PIPELINE = PipelineType(
    "aws:sagemaker/pipeline:Pipeline",
    service="sagemaker",
    create="CreatePipeline",
    read="DescribePipeline",
    update="UpdatePipeline",
    delete="DeletePipeline",
    identity=("pipelineName",),
    id_format="{pipelineName}",
    prefixes=("Pipeline",),
    exceptions={"pipelineDefinitionS3Location.objectKey": "ObjectKey"},
    tagging=SAGEMAKER_TAGS,
)

TYPES = (PIPELINE,)
