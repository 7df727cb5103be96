"""An image's repository says which container it is."""

from __future__ import annotations

import pytest

from model_packaging.serving.kinds import FRAMEWORK_CONTAINER, kind_of, repository_of


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3", "sagemaker-scikit-learn"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/serving@sha256:00", "team/serving"),
        ("localhost:5000/serving:1", "serving"),
        ("serving:1", "serving"),
        ("", ""),
    ],
)
def test_the_repository_is_without_registry_tag_and_digest(image, repository):
    assert repository_of(image) == repository


def test_an_image_that_nothing_is_known_of_calls_the_releases_handlers():
    assert kind_of("123456789012.dkr.ecr.us-east-1.amazonaws.com/team/serving:1") == FRAMEWORK_CONTAINER
