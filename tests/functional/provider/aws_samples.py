"""One sample of every resource type, with what it needs, what updates it in place, and what replaces it.

A table that is read from top to bottom beside the types' own, a file a service or a purpose.
"""

from __future__ import annotations

from tests.functional.provider import (
    aws_samples_bucket,
    aws_samples_cloudwatch,
    aws_samples_identity,
    aws_samples_lambda,
    aws_samples_messaging,
    aws_samples_operations,
    aws_samples_platform,
    aws_samples_sagemaker,
    aws_samples_storage,
)

SAMPLES = (
    *aws_samples_sagemaker.SAMPLES,
    *aws_samples_cloudwatch.SAMPLES,
    *aws_samples_bucket.SAMPLES,
    *aws_samples_operations.SAMPLES,
    *aws_samples_messaging.SAMPLES,
    *aws_samples_identity.SAMPLES,
    *aws_samples_storage.SAMPLES,
    *aws_samples_platform.SAMPLES,
    *aws_samples_lambda.SAMPLES,
)
