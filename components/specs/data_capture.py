"""What of the traffic is kept, for monitors and for looking back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfig.html
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.specs.base import Many, Spec
from components.specs.fields import Matching, Percent, duplicates
from components.specs.violations import Rule, broken, quote

ContentType = Annotated[
    str,
    Matching(
        r"[a-zA-Z0-9](-*[a-zA-Z0-9])*/[a-zA-Z0-9](-*[a-zA-Z0-9.])*",
        "a content type",
        "type/subtype, such as text/csv",
        max_length=256,
    ),
]


class DataCapture(Spec):
    """SageMaker's DataCaptureConfig; the destination is derived from the environment."""

    sampling_percentage: Percent = 100
    """How many of 100 requests are kept. Without it: all."""
    capture: Annotated[Many[Literal["input", "output"]], Field(min_length=1, max_length=2)] = ("input", "output")
    """What is kept of a request. Without it: the input and the output."""
    csv_content_types: Annotated[Many[ContentType], Field(max_length=10)] = ("text/csv",)
    """Bodies of these types are kept as CSV text. Without it: text/csv."""
    json_content_types: Annotated[Many[ContentType], Field(max_length=10)] = ("application/json",)
    """Bodies of these types are kept as JSON text. Without it: application/json. Any other type is kept in base64,
    which no monitor can read."""

    @model_validator(mode="after")
    def _each_once(self) -> DataCapture:
        lists = {
            "capture": self.capture,
            # A type in both lists would be two encodings of one body.
            "json_content_types": (*self.csv_content_types, *self.json_content_types),
        }
        rules = [
            Rule((field,), f"{quote(value)} is given twice", value, fix="give it once")
            for field, values in lists.items()
            for _, value in duplicates(values)
        ]
        if rules:
            raise broken(rules)
        return self
