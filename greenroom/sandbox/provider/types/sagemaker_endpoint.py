"""The SageMaker endpoint, which takes minutes to come up and can come up as something else than was asked for.

`aws-native` is the one to use, for it alone knows `retainAllVariantProperties` (trap 4); `aws`'s own is here for
programs that have it. Both wait until the endpoint is `InService`, and then make sure that it serves the wanted
configuration: SageMaker answers a rollout that it rolled back with `InService` and the old one (trap 3).
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import FailedResourceError
from greenroom.sandbox.provider.naming import AutoName, NativeName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types.sagemaker import LONGEST_NAME, SAGEMAKER_TAGS

# A rollout may last as long as SageMaker lets it: 8 hours, https://docs.aws.amazon.com/sagemaker/latest/dg/
# deployment-guardrails.html. The official provider gives up after one (trap 7).
SETTLE_SECONDS = 8 * 3600.0
SETTLED = frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"})


@dataclass(frozen=True, kw_only=True)
class EndpointType(ResourceType):
    """An endpoint, of either package.

    Attributes:
        config_property: the input that holds the configuration's name.
    """

    config_property: str = "endpointConfigName"

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN, so that the endpoint has its id before anybody waits for it."""
        return {"endpointArn" if "{endpointArn}" in self.id_format else "arn": response["EndpointArn"]}

    def settle(self, session: AccountSession, wanted: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Waits until the endpoint serves the wanted configuration.

        Raises:
            FailedResourceError: it failed, or serves another configuration.
        """
        name, config = wanted[self.identity[0]], wanted[self.config_property]

        def settled() -> Mapping[str, Any] | None:
            described = session.call(self.service, self.read, {"EndpointName": name})
            return described if described["EndpointStatus"] in SETTLED else None

        described = session.wait_until(f"endpoint {name} InService", settled, bound_seconds or SETTLE_SECONDS)
        status, serves = described["EndpointStatus"], described.get("EndpointConfigName")
        because = (described.get("FailureReason") or "SageMaker gives no reason").rstrip(".")
        if status != "InService":
            raise FailedResourceError(
                f"endpoint {name} is {status}: {because}. It stays as it is until it is deleted "
                f"(`aws sagemaker delete-endpoint --endpoint-name {name}`); `up --refresh` then makes it anew."
            )
        if serves != config:
            raise FailedResourceError(
                f"endpoint {name} serves {serves} and not {config}: SageMaker rolled the update back. {because}."
            )

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Starts a rollout when the configuration is another; how to roll out is told with the rollout."""
        if self.config_property in changed:
            super().change(session, known, inputs, changed)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the endpoint and waits until it is gone; an endpoint in the middle of a change is waited for."""
        name = known[self.identity[0]]

        def gone() -> bool | None:
            described = self.call_unless_gone(session, self.read, {"EndpointName": name})
            if described is None:
                return True
            if described["EndpointStatus"] in SETTLED:
                super(EndpointType, self).remove(session, known, bound_seconds)
            return None

        session.wait_until(f"endpoint {name} deleted", gone, bound_seconds or SETTLE_SECONDS)

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The endpoint's name, from its ARN or from the name itself."""
        return {self.identity[0]: resource_id.rsplit("/", maxsplit=1)[-1]}


NATIVE_ENDPOINT = EndpointType(
    "aws-native:sagemaker:Endpoint",
    service="sagemaker",
    create="CreateEndpoint",
    read="DescribeEndpoint",
    update="UpdateEndpoint",
    delete="DeleteEndpoint",
    identity=("endpointName",),
    id_format="{endpointArn}",
    # These three are told with an update only.
    operation_exceptions={"response": {"deploymentConfig": None}},
    replaced_by=frozenset({"endpointName"}),
    autoname=NativeName("endpointName", longest=0),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "endpointArn")),
)

AWS_ENDPOINT = EndpointType(
    "aws:sagemaker/endpoint:Endpoint",
    service="sagemaker",
    create="CreateEndpoint",
    read="DescribeEndpoint",
    update="UpdateEndpoint",
    delete="DeleteEndpoint",
    prefixes=("Endpoint",),
    operation_exceptions={"response": {"deploymentConfig": None}},
    replaced_by=frozenset({"name"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=SAGEMAKER_TAGS,
)

TYPES = (NATIVE_ENDPOINT, AWS_ENDPOINT)
