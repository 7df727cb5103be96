"""SageMaker's refusals, in SageMaker's words.

Where a wording was seen in a report about the real service the report is named; the others are marked as guesses.
"""

from __future__ import annotations

from moto.sagemaker.exceptions import AWSValidationException, ResourceInUseException, ResourceNotFound

KINDS = {"model": "model", "endpoint": "endpoint", "endpoint-config": "endpoint configuration"}


def not_found(kind: str, arn: str) -> AWSValidationException:
    """A model, endpoint or endpoint configuration that is not there.

    Seen in hashicorp/terraform-provider-aws#40048 and aws/amazon-sagemaker-examples#2402.
    """
    return AWSValidationException(f'Could not find {KINDS[kind]} "{arn}".')


def already_exists(kind: str, arn: str) -> AWSValidationException:
    """A name that is taken. Seen in aws/sagemaker-python-sdk#101 and awslabs/spot-tagging-bot-for-digital-assets#2."""
    return AWSValidationException(f'Cannot create already existing {KINDS[kind]} "{arn}".')


def in_progress(arn: str) -> AWSValidationException:
    """An endpoint between two states can be neither updated nor deleted. Wording: a guess from reports."""
    return AWSValidationException(f'Cannot update in-progress endpoint "{arn}".')


def resource_in_use(message: str) -> ResourceInUseException:
    """ResourceInUse, as CreateMonitoringSchedule's model lists it. Wordings are guesses."""
    return ResourceInUseException(message)


def resource_not_found(message: str) -> ResourceNotFound:
    """ResourceNotFound, as the monitoring operations' models list it. Wordings are guesses."""
    return ResourceNotFound(message)


def invalid(message: str) -> AWSValidationException:
    """A ValidationException with AWS's usual opening where one constraint is broken."""
    return AWSValidationException(message)
