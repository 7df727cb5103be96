"""ARNs are text made from what the specs say."""

import pytest

from components.aws.arn import Arns, S3Location, ecr_repository_arn, partition_of


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("eu-central-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_region_has_its_partition(region, partition):
    assert partition_of(region) == partition


def test_arns_carry_partition_region_and_account():
    arns = Arns("111122223333", "cn-north-1")
    assert arns.of("logs", "log-group:x") == "arn:aws-cn:logs:cn-north-1:111122223333:log-group:x"
    assert arns.iam("root") == "arn:aws-cn:iam::111122223333:root"
    assert arns.s3("bucket") == "arn:aws-cn:s3:::bucket"
    assert arns.s3("bucket", "a/*") == "arn:aws-cn:s3:::bucket/a/*"


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/image:1.0",
            "arn:aws:ecr:us-east-1:123456789012:repository/team/image",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/image@sha256:abc",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/image",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/image",
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/image",
        ),
    ],
)
def test_an_image_is_in_a_repository_of_its_owners_account(image, arn):
    assert ecr_repository_arn(image) == arn


def test_an_image_elsewhere_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'docker\.io/library/nginx' is not an image in ECR"):
        ecr_repository_arn("docker.io/library/nginx")


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("s3://bucket", S3Location("bucket", "")),
        ("s3://bucket/", S3Location("bucket", "")),
        ("s3://bucket/a/b", S3Location("bucket", "a/b/")),
        ("s3://bucket/a/b/", S3Location("bucket", "a/b/")),
    ],
)
def test_an_s3_uri_is_a_bucket_and_a_prefix(uri, location):
    assert S3Location.from_uri(uri) == location


def test_another_uri_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'https://example\.com' is not an S3 URI"):
        S3Location.from_uri("https://example.com")
