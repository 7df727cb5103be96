"""What of the traffic is kept, for monitors and for looking back."""

from typing import Literal

from components.specs.base import Spec


class DataCapture(Spec):
    """SageMaker's DataCaptureConfig; the destination is derived from the environment."""

    sampling_percentage: int = 100
    capture: tuple[Literal["input", "output"], ...] = ("input", "output")
    csv_content_types: tuple[str, ...] = ("text/csv",)
    json_content_types: tuple[str, ...] = ("application/json",)
