"""Samples of IAM and KMS."""

from __future__ import annotations

from tests.functional.provider.sample import ACCOUNT, EXECUTION_ROLE, ROLE_TYPE, Sample, policy, trust

READ_ONLY = "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"
OTHER_ROLE = (ROLE_TYPE, {"name": "other", "assumeRolePolicy": trust("sagemaker.amazonaws.com")})
USER = ("aws:iam/user:User", {"name": "deployer"})
GROUP = ("aws:iam/group:Group", {"name": "deployers"})
ISSUER = "token.actions.example.com"
KEY = "arn:aws:kms:us-east-1:111122223333:key/ffffffff-0000-4000-8000-000000000000"
KEY_POLICY = policy("root", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, action="kms:*")

SAMPLES = (
    Sample(
        "aws:kms/key:Key",
        {
            "description": "artifacts",
            "enableKeyRotation": True,
            "deletionWindowInDays": 7.0,
            "policy": KEY_POLICY,
            "tags": {"a": "b"},
        },
        updates={"description": "other", "enableKeyRotation": False, "deletionWindowInDays": 8.0, "isEnabled": False},
        replaces={"multiRegion": True},
        unread=("deletionWindowInDays",),
    ),
    Sample(
        ROLE_TYPE,
        {
            "name": "dev-tumor-execution",
            "description": "runs the model",
            "assumeRolePolicy": trust("sagemaker.amazonaws.com"),
            "maxSessionDuration": 3600.0,
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"],
            "inlinePolicies": [{"name": "read", "policy": policy()}],
            "tags": {"a": "b"},
        },
        "dev-tumor-execution",
        updates={
            "description": "other",
            "assumeRolePolicy": trust("lambda.amazonaws.com"),
            "managedPolicyArns": [],
            "inlinePolicies": [{"name": "write", "policy": policy(action="s3:PutObject")}],
        },
        replaces={"name": "other"},
    ),
    Sample(
        "aws:iam/rolePolicy:RolePolicy",
        {"name": "artifacts", "role": "execution", "policy": policy()},
        "execution:artifacts",
        needs=(EXECUTION_ROLE,),
        updates={"policy": policy(action="s3:PutObject")},
        replaces={"role": "other", "name": "other"},
    ),
    Sample(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "execution", "policyArn": "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"},
        "execution/arn:aws:iam::aws:policy/AmazonSageMakerReadOnly",
        needs=(EXECUTION_ROLE,),
        replaces={"role": "other"},
    ),
    Sample(
        "aws:iam/policy:Policy",
        {"name": "read", "path": "/models/", "description": "reads artifacts", "policy": policy(), "tags": {"a": "b"}},
        f"arn:aws:iam::{ACCOUNT}:policy/models/read",
        updates={"policy": policy(action="s3:PutObject"), "tags": {"a": "c"}, "delayAfterPolicyCreationInMs": 10.0},
        replaces={"name": "other", "description": "other", "path": "/other/"},
    ),
    Sample(
        "aws:iam/instanceProfile:InstanceProfile",
        {"name": "notebooks", "role": "execution", "tags": {"a": "b"}},
        "notebooks",
        needs=(EXECUTION_ROLE, OTHER_ROLE),
        updates={"role": "other", "tags": {"a": "c"}},
        replaces={"name": "other", "path": "/other/"},
    ),
    Sample(
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        {"awsServiceName": "sagemaker.application-autoscaling.amazonaws.com", "description": "scales"},
        updates={"description": "other", "tags": {"a": "b"}},
        replaces={"awsServiceName": "other.amazonaws.com"},
    ),
    Sample(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {
            "url": f"https://{ISSUER}",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["6938fd4d98bab03faadb97b34396831e3780aea1"],
            "tags": {"a": "b"},
        },
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
        updates={
            "thumbprintLists": ["1c58a3a8518e8759bf075b76b750d4f2df264fcd"],
            "clientIdLists": ["sts.amazonaws.com", "other"],
            "tags": {"a": "c"},
        },
        replaces={"url": "https://other.example.com"},
        told={"url": ISSUER},
    ),
    Sample(
        "aws:iam/user:User",
        {"name": "deployer", "path": "/ci/", "tags": {"a": "b"}},
        "deployer",
        updates={"path": "/other/", "permissionsBoundary": READ_ONLY, "tags": {"a": "c"}},
        excused={"name": "a rename changes the id, which an update cannot tell"},
    ),
    Sample(
        "aws:iam/group:Group", {"name": "deployers", "path": "/ci/"}, "deployers", replaces={"name": "o", "path": "/"}
    ),
    Sample(
        "aws:iam/userPolicy:UserPolicy",
        {"name": "read", "user": "deployer", "policy": policy()},
        "deployer:read",
        needs=(USER,),
        updates={"policy": policy(action="s3:PutObject")},
        replaces={"user": "other", "name": "other"},
    ),
    Sample(
        "aws:iam/groupPolicy:GroupPolicy",
        {"name": "read", "group": "deployers", "policy": policy()},
        "deployers:read",
        needs=(GROUP,),
        updates={"policy": policy(action="s3:PutObject")},
        replaces={"group": "other", "name": "other"},
    ),
    Sample(
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        {"user": "deployer", "policyArn": READ_ONLY},
        f"deployer/{READ_ONLY}",
        needs=(USER,),
        replaces={"user": "other"},
    ),
    Sample(
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        {"group": "deployers", "policyArn": READ_ONLY},
        f"deployers/{READ_ONLY}",
        needs=(GROUP,),
        replaces={"group": "other"},
    ),
)
