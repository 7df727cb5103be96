"""aws-native's SageMaker types that take time or change in place: schedules, components, experiments, packages.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SageMaker.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import FailedResourceError
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import ArnTagging, NativeType
from greenroom.sandbox.provider.types.native_sagemaker import LONGEST_NAME, SERVICE
from greenroom.sandbox.provider.types.sagemaker import SAGEMAKER_TAGS
from greenroom.sandbox.provider.types.sagemaker_monitoring import MonitoringScheduleType

SETTLE_SECONDS = 3600.0
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html
LONGEST_PIPELINE_NAME = 256
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceExperiment.html
LONGEST_EXPERIMENT_NAME = 120


@dataclass(frozen=True, kw_only=True)
class NativeMonitoringScheduleType(MonitoringScheduleType, NativeType):
    """A schedule of monitoring jobs; four of its inputs are CloudFormation's mistakes for outputs."""


# No request has a member for them, and AWS alone sets what they tell.
SCHEDULE_OUTPUTS = frozenset({"endpointName", "failureReason", "lastMonitoringExecutionSummary"}) | {
    "monitoringScheduleStatus"
}
MONITORING_SCHEDULE = NativeMonitoringScheduleType(
    "aws-native:sagemaker:MonitoringSchedule",
    service=SERVICE,
    create="CreateMonitoringSchedule",
    read="DescribeMonitoringSchedule",
    update="UpdateMonitoringSchedule",
    delete="DeleteMonitoringSchedule",
    identity=("monitoringScheduleName",),
    id_format="{monitoringScheduleArn}",
    steering=SCHEDULE_OUTPUTS,
    shared=SCHEDULE_OUTPUTS,
    autoname=NativeName("monitoringScheduleName", longest=LONGEST_NAME),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "monitoringScheduleArn")),
)


@dataclass(frozen=True, kw_only=True)
class StatusType(NativeType):
    """A type whose resources go through states.

    Attributes:
        status: the member that tells the state, `failure`: the one that tells why it failed.
        moving: the states that pass by themselves.
        what: how a message calls the resource.
    """

    status: str
    failure: str
    moving: frozenset[str]
    what: str

    def settle(self, session: AccountSession, wanted: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Waits until the state stays.

        Raises:
            FailedResourceError: it is Failed.
        """
        name = wanted[self.identity[0]]

        def settled() -> Mapping[str, Any] | None:
            described = session.call(SERVICE, self.read, self.request(self.read, wanted))
            return None if described[self.status] in self.moving else described

        described = session.wait_until(f"{self.what} {name} settled", settled, bound_seconds or SETTLE_SECONDS)
        if described[self.status] == "Failed":
            reason = described.get(self.failure) or "SageMaker gives no reason"
            raise FailedResourceError(f"{self.what} {name} is Failed: {reason}")

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the resource once its state stays, and waits until it is gone."""
        name, request = known[self.identity[0]], self.request(self.read, known)

        def gone() -> bool | None:
            described = self.call_unless_gone(session, self.read, request)
            if described is None:
                return True
            if described[self.status] not in self.moving:
                self.remove_standing(session, known, described, bound_seconds)
            return None

        session.wait_until(f"{self.what} {name} deleted", gone, bound_seconds or SETTLE_SECONDS)

    def remove_standing(
        self,
        session: AccountSession,
        known: Mapping[str, Any],
        described: Mapping[str, Any],
        bound_seconds: float | None,
    ) -> None:
        """Sends the request that deletes."""
        super().remove(session, known, bound_seconds)


# An own DeploymentConfig goes with an update only; the counts are SageMaker's.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateInferenceComponent.html
INFERENCE_COMPONENT = StatusType(
    "aws-native:sagemaker:InferenceComponent",
    service=SERVICE,
    create="CreateInferenceComponent",
    read="DescribeInferenceComponent",
    update="UpdateInferenceComponent",
    delete="DeleteInferenceComponent",
    identity=("inferenceComponentName",),
    id_format="{inferenceComponentArn}",
    steering=frozenset({"endpointArn"}),
    shared=frozenset({"endpointArn"}),
    exceptions={"specification.currentDataCacheConfig": None, "specifications.currentDataCacheConfig": None},
    operation_exceptions={"response": {"deploymentConfig": None}},
    read_only=frozenset(
        {
            "runtimeConfig.currentCopyCount",
            "runtimeConfig.desiredCopyCount",
            "runtimeConfig.placementStatus",
            "specification.container.deployedImage",
        }
    ),
    autoname=NativeName("inferenceComponentName", longest=LONGEST_NAME),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "inferenceComponentArn")),
    status="InferenceComponentStatus",
    failure="FailureReason",
    moving=frozenset({"Creating", "Updating", "Deleting"}),
    what="inference component",
)


@dataclass(frozen=True, kw_only=True)
class InferenceExperimentType(StatusType):
    """A shadow test. CloudFormation's `desiredState` starts and stops it, which the API has requests for."""

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Updates what a request carries; then starts or stops the experiment."""
        if changed - {"desiredState", "statusReason"}:
            super().change(session, known, inputs, changed - {"desiredState", "statusReason"})
            self.settle(session, known, None)
        if "desiredState" in changed and inputs.get("desiredState") == "Running":
            session.call(SERVICE, "StartInferenceExperiment", {"Name": known["name"]})
        elif "desiredState" in changed and inputs.get("desiredState"):
            self._stop(session, inputs, str(inputs["desiredState"]), inputs.get("statusReason"))

    def _stop(self, session: AccountSession, known: Mapping[str, Any], state: str, reason: str | None) -> None:
        """Ends the experiment, the production variant kept as it was; which variant goes is a guess of ours."""
        shadows = {
            shadow["shadowModelVariantName"]
            for shadow in known.get("shadowModeConfig", {}).get("shadowModelVariants", [])
        }
        actions = {
            variant["variantName"]: "Remove" if variant["variantName"] in shadows else "Retain"
            for variant in known["modelVariants"]
        }
        request = {"Name": known["name"], "ModelVariantActions": actions, "DesiredState": state}
        session.call(SERVICE, "StopInferenceExperiment", {**request, **({"Reason": reason} if reason else {})})

    def remove_standing(
        self,
        session: AccountSession,
        known: Mapping[str, Any],
        described: Mapping[str, Any],
        bound_seconds: float | None,
    ) -> None:
        """A running experiment is cancelled first."""
        if described[self.status] == "Running":
            self._stop(session, known, "Cancelled", None)
            return
        super().remove_standing(session, known, described, bound_seconds)


INFERENCE_EXPERIMENT = InferenceExperimentType(
    "aws-native:sagemaker:InferenceExperiment",
    service=SERVICE,
    create="CreateInferenceExperiment",
    read="DescribeInferenceExperiment",
    update="UpdateInferenceExperiment",
    delete="DeleteInferenceExperiment",
    identity=("name",),
    id_format="{name}",
    # CloudFormation's schema has the schedule as write-only: what runs has times of its own.
    operation_exceptions={"response": {"endpointName": "EndpointMetadata.EndpointName", "schedule": None}},
    unsent=frozenset({"desiredState", "statusReason"}),
    shared=frozenset({"statusReason"}),
    autoname=NativeName("name", longest=LONGEST_EXPERIMENT_NAME),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "arn")),
    status="Status",
    failure="StatusReason",
    moving=frozenset({"Creating", "Updating", "Starting", "Stopping"}),
    what="inference experiment",
)


@dataclass(frozen=True, kw_only=True)
class ModelPackageType(StatusType):
    """A model package, of a group or on its own; what changes in place is its approval and its metadata."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """The approval's description, which only an update carries."""
        if known.get("approvalDescription"):
            request = self._update_request(known, known, {"approvalDescription", "modelApprovalStatus"})
            session.call(SERVICE, "UpdateModelPackage", request)

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Sends what changed, and nothing else: SageMaker takes some members only together with others."""
        request = self._update_request(known, inputs, changed)
        gone = set(known.get("customerMetadataProperties", {})) - set(inputs.get("customerMetadataProperties", {}))
        if gone:
            request["CustomerMetadataPropertiesToRemove"] = sorted(gone)
        session.call(SERVICE, "UpdateModelPackage", request)

    def _update_request(
        self, known: Mapping[str, Any], inputs: Mapping[str, Any], names: frozenset[str] | set[str]
    ) -> dict[str, Any]:
        sent = {name: inputs[name] for name in names if name in inputs}
        return self.request("UpdateModelPackage", {**sent, "modelPackageArn": known["modelPackageArn"]})


MODEL_PACKAGE = ModelPackageType(
    "aws-native:sagemaker:ModelPackage",
    service=SERVICE,
    create="CreateModelPackage",
    read="DescribeModelPackage",
    update="UpdateModelPackage",
    delete="DeleteModelPackage",
    identity=("modelPackageArn",),
    id_format="{modelPackageArn}",
    operation_exceptions={
        "DescribeModelPackage": {"modelPackageArn": "ModelPackageName"},
        "DeleteModelPackage": {"modelPackageArn": "ModelPackageName"},
    },
    steering=frozenset({"modelPackageStatusDetails", "modelPackageVersion"}),
    shared=frozenset({"modelPackageStatusDetails", "modelPackageVersion"}),
    # A version of a group has a number and no name; aws-native names it all the same, and AWS passes the name over.
    autoname=NativeName("modelPackageName", longest=0, unless="modelPackageGroupName"),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "modelPackageArn")),
    status="ModelPackageStatus",
    failure="ModelPackageStatusDetails",
    moving=frozenset({"Pending", "InProgress", "Deleting"}),
    what="model package",
)

PIPELINE = NativeType(
    "aws-native:sagemaker:Pipeline",
    service=SERVICE,
    create="CreatePipeline",
    read="DescribePipeline",
    update="UpdatePipeline",
    delete="DeletePipeline",
    identity=("pipelineName",),
    id_format="{pipelineName}",
    # The S3 location is in the API and in CloudFormation, and not in this SDK.
    exceptions={"pipelineDefinition": "", "pipelineDefinition.pipelineDefinitionBody": "PipelineDefinition"},
    autoname=NativeName("pipelineName", longest=LONGEST_PIPELINE_NAME),
    tagging=ArnTagging(
        subject=("ResourceArn", "arn"),
        arn="pipeline/{pipelineName}",
        tag="AddTags",
        untag="DeleteTags",
        list_="ListTags",
    ),
)

TYPES = (MONITORING_SCHEDULE, INFERENCE_COMPONENT, INFERENCE_EXPERIMENT, MODEL_PACKAGE, PIPELINE)
