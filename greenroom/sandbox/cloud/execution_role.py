"""Whether SageMaker may act as a model's execution role."""

from __future__ import annotations

import json

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from greenroom.sandbox.cloud.errors import ModelLoadError

SAGEMAKER_PRINCIPAL = "sagemaker.amazonaws.com"


def check_assumable(role_arn: str | None) -> None:
    """The role exists and trusts SageMaker.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html; the wording is as seen in
    awslabs/predictive-maintenance-using-machine-learning#3. A model without a role is let be.

    Raises:
        ModelLoadError: It does not, or it is not there.
    """
    if role_arn is None:
        return
    _, partition, _, _, account_id, path = role_arn.split(":", maxsplit=5)
    try:
        role = iam_backends[account_id][partition].get_role(path.rpartition("/")[2])
        trusted = SAGEMAKER_PRINCIPAL in json.dumps(json.loads(role.assume_role_policy_document))
    except (NotFoundException, ValueError):
        trusted = False
    if not trusted:
        raise ModelLoadError(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{SAGEMAKER_PRINCIPAL}' to assume the role."
        )
