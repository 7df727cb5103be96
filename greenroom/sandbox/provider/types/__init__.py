"""The resource types that the sandbox has: a module a service, a row a type."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from greenroom.sandbox.provider.errors import UnsupportedTypeError
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types import (
    appautoscaling,
    cloudwatch,
    ec2_networks,
    ec2_security_groups,
    ecr,
    events,
    iam,
    iam_policies,
    iam_users,
    kms,
    kms_grants,
    lambda_functions,
    logs,
    logs_parts,
    native_events,
    native_identity,
    native_messaging,
    native_operations,
    native_sagemaker,
    native_sagemaker_jobs,
    native_storage,
    s3,
    s3_bucket,
    s3_objects,
    s3_parts,
    sagemaker,
    sagemaker_endpoint,
    sagemaker_monitoring,
    sagemaker_pipeline,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)

MODULES = (
    appautoscaling,
    cloudwatch,
    ec2_networks,
    ec2_security_groups,
    ecr,
    events,
    iam,
    iam_policies,
    iam_users,
    kms,
    kms_grants,
    lambda_functions,
    logs,
    logs_parts,
    native_events,
    native_identity,
    native_messaging,
    native_operations,
    native_sagemaker,
    native_sagemaker_jobs,
    native_storage,
    s3,
    s3_bucket,
    s3_objects,
    s3_parts,
    sagemaker,
    sagemaker_endpoint,
    sagemaker_monitoring,
    sagemaker_pipeline,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)


@functools.lru_cache(maxsize=1)
def resource_types() -> Mapping[str, ResourceType]:
    """Token → type, in alphabetical order of tokens."""
    rows = [row for module in MODULES for row in module.TYPES]
    return {row.token: row for row in sorted(rows, key=lambda row: row.token)}


def resource_type(token: str, resource: str = "") -> ResourceType:
    """The type of a token, of the resource with this logical name.

    Raises:
        UnsupportedTypeError: there is no row for it; the message names the resource, and lists those of the service.
    """
    known = resource_types()
    if token not in known:
        raise UnsupportedTypeError(token, known, resource)
    return known[token]
