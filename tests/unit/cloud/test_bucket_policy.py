"""A bucket policy decides by principals and conditions, as S3 does for whole accounts."""

import pytest

from greenroom.sandbox.cloud.bucket_policy import decide

OWNER, READER, STRANGER = "123456789012", "111122223333", "444455556666"
BUCKET = "arn:aws:s3:::releases"

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [BUCKET, f"{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{READER}:root"},
            "Action": ["s3:GetObject"],
            "Resource": f"{BUCKET}/tumor/*",
        },
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/secret/*"},
    ],
}


@pytest.mark.parametrize(
    ("requester", "action", "key", "expected"),
    [
        (OWNER, "s3:PutObject", "tumor/1", None),
        (OWNER, "s3:GetObject", "secret/1", False),
        (READER, "s3:GetObject", "tumor/1", True),
        (READER, "S3:getobject", "tumor/1", True),
        (READER, "s3:PutObject", "tumor/1", False),
        (READER, "s3:GetObject", "other/1", False),
        (STRANGER, "s3:GetObject", "tumor/1", False),
    ],
)
def test_the_owner_may_what_is_not_denied_and_others_only_what_is_allowed(requester, action, key, expected):
    assert decide(POLICY, action=action, resource=f"{BUCKET}/{key}", requester=requester, owner=OWNER) is expected


def test_a_bucket_without_a_policy_is_its_owners_alone():
    assert decide(None, action="s3:GetObject", resource=f"{BUCKET}/a", requester=OWNER, owner=OWNER) is None
    assert decide(None, action="s3:GetObject", resource=f"{BUCKET}/a", requester=READER, owner=OWNER) is False


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": [READER]}}, True),
        ({"StringNotEquals": {"aws:PrincipalAccount": READER}}, False),
        ({"StringLike": {"aws:PrincipalAccount": "1111*"}}, True),
        ({"StringNotLike": {"aws:PrincipalAccount": "1111*"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"NumericLessThan": {"aws:PrincipalAccount": "5"}}, False),
    ],
)
def test_an_allow_holds_under_its_conditions_only(condition, holds):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}
    answer = decide(
        {"Statement": statement}, action="s3:GetObject", resource=f"{BUCKET}/a", requester=READER, owner=OWNER
    )
    assert answer is holds


def test_a_bracket_in_a_resource_stands_for_itself():
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": f"{BUCKET}/[ab]"}
    assert (
        decide({"Statement": statement}, action="s3:GetObject", resource=f"{BUCKET}/a", requester=OWNER, owner=OWNER)
        is None
    )
    assert (
        decide({"Statement": statement}, action="s3:GetObject", resource=f"{BUCKET}/[ab]", requester=OWNER, owner=OWNER)
        is True
    )
