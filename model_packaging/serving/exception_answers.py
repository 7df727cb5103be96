"""What AWS's framework containers answer to an exception of the release's code: each family its own.

| container | exception | status |
|---|---|---|
| scikit-learn (Flask; every exception is wrapped before Flask sees it) | any | 500 |
| PyTorch, XGBoost, … (the SageMaker inference toolkit) | `BaseInferenceToolkitError` | its `status_code` |
| | any other | 500 |
| Hugging Face | any | 400 |
| an image that nothing is known of | one that carries `code` or `status_code` | that |
| | any other | 500 |

So a handler for the scikit-learn container that means 400 returns a response object, and raises nothing.

Sources: https://github.com/aws/sagemaker-containers (`_functions.py`, `error_wrapper`; `_transformer.py`),
https://github.com/aws/sagemaker-inference-toolkit (`transformer.py`, `transform`),
https://github.com/aws/sagemaker-xgboost-container (`mms_patch/mms_transformer.py`),
https://github.com/aws/sagemaker-huggingface-inference-toolkit (`handler_service.py`, `handle`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

StatusOf: TypeAlias = Callable[[Exception], int]
"""The status with which a container answers an exception."""

TOOLKIT_ERROR = "BaseInferenceToolkitError"
"""Known by its name: the toolkit is in the container, and need not be installed here."""


def status_it_carries(error: Exception) -> int:
    """The status an exception carries (Werkzeug's `code`, the toolkit's `status_code`), or 500."""
    for attribute in ("code", "status_code"):
        status = getattr(error, attribute, None)
        if isinstance(status, int) and 400 <= status <= 599:
            return status
    return 500


def status_of_flask(error: Exception) -> int:
    """500, whatever it was: the container wraps every handler, its own default ones as well."""
    del error
    return 500


def status_of_toolkit(error: Exception) -> int:
    """The status of the toolkit's own error, or 500."""
    is_its_own = any(one.__name__ == TOOLKIT_ERROR for one in type(error).__mro__)
    return status_it_carries(error) if is_its_own else 500


def status_of_hugging_face(error: Exception) -> int:
    """400, whatever it was."""
    del error
    return 400


_FAMILIES: dict[str, StatusOf] = {
    "sagemaker-scikit-learn": status_of_flask,
    "sagemaker-xgboost": status_of_toolkit,
    "mxnet-inference": status_of_toolkit,
    "pytorch-inference": status_of_toolkit,
    "pytorch-inference-graviton": status_of_toolkit,
    "pytorch-inference-neuronx": status_of_toolkit,
    "huggingface-pytorch-inference": status_of_hugging_face,
    "huggingface-pytorch-inference-neuronx": status_of_hugging_face,
    "huggingface-tensorflow-inference": status_of_hugging_face,
}


def status_of_exceptions(repository: str) -> StatusOf:
    """What the container of this repository does with exceptions."""
    return _FAMILIES.get(repository, status_it_carries)


def decodes_text_itself(repository: str) -> bool:
    """Whether the container decodes a text body before the handlers see it, and answers 500 where it is not UTF-8."""
    return status_of_exceptions(repository) is status_of_toolkit
