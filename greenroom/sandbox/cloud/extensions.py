"""Our services in moto's places.

moto has no plugin interface, and needs none: which class makes a service's backends and which answers its URLs are
two assignments, made before the first request. They stay made; `uninstall` is for nobody, since the classes behave as
moto's where we changed nothing.
"""

from __future__ import annotations

import threading
from typing import Any


class NotOfferedError(Exception):
    """An operation that the local AWS does not have; serialized as each service's protocol wants it."""

    code = "NotImplemented"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


_lock = threading.Lock()
_installed = threading.Event()


def install() -> None:
    """Make moto use our backends and responses, our clock, our seeds, and AWS's managed policies. Once a process."""
    with _lock:
        if not _installed.is_set():
            _install()
            _installed.set()


def _install() -> None:
    import moto.applicationautoscaling.models
    import moto.applicationautoscaling.urls
    import moto.cloudwatch.models
    import moto.cloudwatch.urls
    import moto.events.models
    import moto.sagemaker.models
    import moto.sagemaker.urls
    from moto.core.responses import BaseResponse

    from greenroom.sandbox.cloud import additions, autoscaling, bucket_policy, clock, determinism, outbound, shortcuts
    from greenroom.sandbox.cloud.autoscaling_responses import AutoScalingResponse
    from greenroom.sandbox.cloud.cloudwatch.backend import CloudWatchBackend
    from greenroom.sandbox.cloud.cloudwatch.responses import CloudWatchResponse
    from greenroom.sandbox.cloud.events.backend import EventsBackend
    from greenroom.sandbox.cloud.lambdas import moto_lambda
    from greenroom.sandbox.cloud.sagemaker import instance_type_checks
    from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend
    from greenroom.sandbox.cloud.sagemaker.responses import SageMakerResponse

    clock.install_in_moto()
    additions.install_in_moto()
    determinism.install_in_moto()
    bucket_policy.install_in_moto()
    shortcuts.install_in_moto()
    moto_lambda.install_in_moto()
    outbound.install_in_moto()
    moto.events.models.events_backends.backend = EventsBackend
    instance_type_checks.install_in_moto()
    moto.sagemaker.models.sagemaker_backends.backend = SageMakerBackend
    moto.sagemaker.urls.url_paths["{0}/$"] = SageMakerResponse.dispatch
    moto.cloudwatch.models.cloudwatch_backends.backend = CloudWatchBackend
    moto.cloudwatch.urls.url_paths["{0}/$"] = CloudWatchResponse.dispatch
    moto.applicationautoscaling.models.applicationautoscaling_backends.backend = autoscaling.AutoScalingBackend
    moto.applicationautoscaling.urls.url_paths["{0}/$"] = AutoScalingResponse.dispatch
    BaseResponse.call_action = _refusing(BaseResponse.call_action)


def _refusing(call_action: Any) -> Any:
    """`call_action`, answering what moto does not implement with an error that is not retried.

    moto raises NotImplementedError, which its server turns into status 500, which botocore tries five times.
    """
    from moto.core.errors import COMMON_ERROR_CODES
    from moto.core.responses import ActionResult

    COMMON_ERROR_CODES.append(NotOfferedError.code)  # else moto warns that no service's model lists it

    def answer(self: Any) -> Any:
        try:
            return call_action(self)
        except NotImplementedError:
            action = self._get_action() or "this operation"
            error = NotOfferedError(
                f"The local AWS does not offer {self.service_name} {action}. It is moto with Greenroom's additions: "
                "what it lacks it refuses.",
            )
            _, headers, body = self.serialized(ActionResult(error))
            headers["status"] = "501"
            return 501, headers, body

    return answer
