"""IAM's quota on what a role's inline policies hold together, kept before the first resource.

Each release that stays deployed has a policy of its own on the endpoint's role, so many rollback targets, many read
prefixes and long names add up.
"""

import json

from components.aws.alarm_definitions import rollback_alarm_definitions
from components.aws.execution_role import endpoint_statements, release_statements
from components.aws.policy_document import policy_document
from components.specs.resolved import ResolvedModel
from components.specs.violations import Rule

INLINE_POLICIES_QUOTA = 10_240
"""Characters of all inline policies of a role, white space not counted:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length"""


def role_policy_rules(model: ResolvedModel) -> list[Rule]:
    """What keeps the execution role of `model` from holding its policies; paths are the model spec's."""
    alarms = [definition.name for definition in rollback_alarm_definitions(model)]
    releases = [release_statements(model, release) for release in model.releases]
    size = sum(_size(policy_document(*statements)) for statements in (endpoint_statements(model, alarms), *releases))
    if size <= INLINE_POLICIES_QUOTA:
        return []
    return [
        Rule(
            (),
            f"the policies of the endpoint's role have {size} characters, {size - INLINE_POLICIES_QUOTA} too many",
            size,
            allowed=f"{INLINE_POLICIES_QUOTA} in all, IAM's quota",
            fix=f"keep fewer of the {len(model.previous_releases)} previous releases, or read fewer of the "
            f"{len(model.security.extra_read_prefixes)} security.extra_read_prefixes",
        )
    ]


def _size(policy: str) -> int:
    return len(json.dumps(json.loads(policy), separators=(",", ":")))
