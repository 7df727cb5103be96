"""One account in one region of the local AWS: what a resource type is given to work with.

It sends requests and turns botocore's exceptions into ours. The clock is injected, and a cancelled deployment ends
every wait at once.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import botocore
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from greenroom.sandbox.provider.clients import CLIENTS, MODELS, Clients, CloudEndpoint
from greenroom.sandbox.provider.errors import AwsRefusedError, FailedResourceError, ProviderError, WaitTimeoutError

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 1.0
IAM_PROPAGATION_SECONDS = 120.0

# What services say while a role or policy made a moment ago has not reached them (trap 18).
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
NOT_PROPAGATED = re.compile(
    r"could not assume role|cannot be assumed|unable to assume|is not authorized to perform: sts:AssumeRole"
    r"|invalid principal|MalformedPolicyDocument.*principal|role .* does not have .* permission",
    re.IGNORECASE,
)

# What to do about codes that are the local AWS's own.
ADVICE = {
    "NotImplemented": (
        " Leave the property or the resource that asks for it out of the program where it runs in the sandbox; "
        "docs/explanation/sandbox.md says what the local AWS has."
    )
}

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Clock:
    """Time, injected: seconds since any fixed moment, and a pause."""

    now_seconds: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class AccountSession:
    """Requests as one account in one region."""

    cloud: CloudEndpoint
    account: str
    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    cancelled: threading.Event = field(default_factory=threading.Event)
    clients: Clients = field(default=CLIENTS)

    @functools.cached_property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`, from the region."""
        return MODELS.partition(self.region)

    def in_region(self, region: str | None) -> AccountSession:
        """The same account in another region; in this one for None."""
        if region is None or region == self.region:
            return self
        return dataclasses.replace(self, region=region)

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN in this account; pass empty strings for services whose ARNs leave out region or account."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def call(self, service: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Sends one request.

        Raises:
            AwsRefusedError: AWS answered with an error.
            ProviderError: the local AWS does not answer, or the request breaks the service model.
        """
        client = self.clients.client(service, self.region, self.account)
        send = getattr(client, botocore.xform_name(operation))
        try:
            with self.cloud.receiving():
                response: dict[str, Any] = send(**request)
        except ClientError as error:
            said = error.response.get("Error", {})
            code, message = said.get("Code", ""), said.get("Message", str(error))
            raise AwsRefusedError(service, operation, code, message + ADVICE.get(code, "")) from error
        except ParamValidationError as error:
            raise ProviderError(f"{service} {operation} would be refused by AWS: {error}") from error
        except BotoCoreError as error:
            raise ProviderError(
                f"the local AWS at {self.cloud.url} does not answer {service} {operation}: {error}. "
                "Is it running? `greenroom sandbox status` tells."
            ) from error
        response.pop("ResponseMetadata", None)
        return response

    def call_once_propagated(self, service: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Sends one request, again and again within two minutes while a new role has not propagated (trap 18)."""
        bound = self.clock.now_seconds() + IAM_PROPAGATION_SECONDS
        for pause_seconds in pauses():
            try:
                return self.call(service, operation, request)
            except AwsRefusedError as refused:
                if not NOT_PROPAGATED.search(refused.message) or self.clock.now_seconds() > bound:
                    raise
            self._pause(pause_seconds)
        raise AssertionError("pauses never end")  # pragma: no cover

    def wait_until(self, what: str, ready: Callable[[], _Answer | None], bound_seconds: float) -> _Answer:
        """Asks `ready` again and again until it answers something.

        Raises:
            WaitTimeoutError: it answered None for `bound_seconds`; `what` is told.
        """
        bound = self.clock.now_seconds() + bound_seconds
        for pause_seconds in pauses():
            answer = ready()
            if answer is not None:
                return answer
            if self.clock.now_seconds() > bound:
                raise WaitTimeoutError(f"{what}: not so after {bound_seconds:g} s")
            self._pause(pause_seconds)
        raise AssertionError("pauses never end")  # pragma: no cover

    def _pause(self, seconds: float) -> None:
        if self.cancelled.is_set():
            raise FailedResourceError("cancelled while waiting for AWS")
        self.clock.pause(seconds)


def pauses() -> Iterator[float]:
    """Pauses between polls, in seconds: short at first, for the local AWS is quick, then doubling up to one second."""
    pause_seconds = FIRST_PAUSE_SECONDS
    while True:
        yield pause_seconds
        pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)
