"""A role that SageMaker assumes in one account, with one inline policy: what every execution role here is."""

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from components.aws.policy_document import Statement, assumed_by_sagemaker, policy_document
from components.specs.resolved import ResolvedModel


def create_sagemaker_role(
    name: str,
    model: ResolvedModel,
    *,
    role_name: str,
    description: str,
    policy_name: str,
    statements: Iterable[Statement],
    parent: pulumi.Resource,
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """The role, and the policy that what runs as it must come after (trap 18).

    Args:
        name: The logical name of both.
        model: Whose account may assume it, and whose tags it carries.
        role_name: The role's name.
        description: What runs as it.
        policy_name: The inline policy's name.
        statements: What it may do.
        parent: The component it belongs to.
    """
    role = aws.iam.Role(
        name,
        name=role_name,
        description=description,
        assume_role_policy=assumed_by_sagemaker(model.account_id),
        tags=model.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    policy = aws.iam.RolePolicy(
        name,
        name=policy_name,
        role=role.name,
        policy=policy_document(*statements),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return role, policy
