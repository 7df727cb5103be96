"""What each role and policy allows, as a whole value: one more permission is a changed test."""

import json

from components.aws.arn import Arns
from components.aws.artifact_store import key_statements, read_grants
from components.aws.data_quality_monitor import job_definition_content, monitor_statements
from components.aws.endpoint_alarms import topic_statements
from components.aws.execution_role import endpoint_statements, release_statements
from components.aws.policy_document import Statement, assumed_by_sagemaker, policy_document
from components.aws.private_bucket import tls_only
from tests.unit.components.resolved import KEY_ARN, release, resolved

LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
DECRYPT_ARTIFACTS = {
    "Sid": "DecryptArtifacts",
    "Effect": "Allow",
    "Action": ["kms:Decrypt"],
    "Resource": ["arn:aws:kms:us-east-1:123456789012:key/*"],
    "Condition": {
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/example-artifacts"},
    },
}
LOG_IN = {"Sid": "LogInToEcr", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]}
A = "a" * 64


def statements(*parts: Statement):
    return json.loads(policy_document(*parts))["Statement"]


def test_an_execution_role_is_for_sagemaker_of_its_own_account():
    assert json.loads(assumed_by_sagemaker("111122223333")) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SageMakerOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": ["sagemaker.amazonaws.com"]},
                "Action": ["sts:AssumeRole"],
                "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
            }
        ],
    }


def test_an_endpoints_role_reaches_its_logs_metrics_capture_prefix_and_alarms_and_nothing_else():
    assert statements(*endpoint_statements(resolved(), ["dev-tumor-AllTraffic-rollback-5xx"])) == [
        DECRYPT_ARTIFACTS,
        LOG_IN,
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": LOGS,
            "Resource": ["arn:aws:logs:us-east-1:111122223333:log-group:/aws/sagemaker/Endpoints/dev-tumor:*"],
        },
        {
            "Sid": "PutMetrics",
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricData"],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"cloudwatch:namespace": ["/aws/sagemaker/Endpoints"]}},
        },
        {
            "Sid": "WriteCapturedData",
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::greenroom-capture-dev-111122223333-us-east-1/data-capture/dev-tumor/*"],
        },
        {
            "Sid": "WatchRollbackAlarms",
            "Effect": "Allow",
            "Action": ["cloudwatch:DescribeAlarms"],
            "Resource": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:dev-tumor-AllTraffic-rollback-5xx"],
        },
    ]


def test_a_release_adds_its_own_model_data_and_image_only():
    assert statements(*release_statements(resolved(), release("a"))) == [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::example-artifacts/releases/tumor/{A}/model/*"],
        },
        {
            "Sid": "List0",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::example-artifacts"],
            "Condition": {"StringLike": {"s3:prefix": [f"releases/tumor/{A}/model/*"]}},
        },
        {
            "Sid": "PullImage",
            "Effect": "Allow",
            "Action": PULL,
            "Resource": ["arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-scikit-learn"],
        },
    ]


def test_a_network_and_a_key_add_what_they_need_and_no_more():
    model = resolved(
        environment={
            "network": {
                "subnet_ids": ["subnet-0123456789abcdef0"],
                "security_group_ids": ["sg-0123456789abcdef0"],
            },
            "encryption": {"kms_key_arn": KEY_ARN},
        }
    )
    plain = statements(*endpoint_statements(resolved(), []))
    added = [one for one in statements(*endpoint_statements(model, [])) if one not in plain]
    ec2 = "arn:aws:ec2:us-east-1:111122223333"
    assert added == [
        {
            "Sid": "UseEnvironmentKey",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            "Resource": [KEY_ARN],
        },
        {
            "Sid": "GrantEnvironmentKeyToVolumes",
            "Effect": "Allow",
            "Action": ["kms:CreateGrant"],
            "Resource": [KEY_ARN],
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
        {
            "Sid": "CreateNetworkInterfaces",
            "Effect": "Allow",
            "Action": ["ec2:CreateNetworkInterface"],
            "Resource": [
                f"{ec2}:network-interface/*",
                f"{ec2}:subnet/subnet-0123456789abcdef0",
                f"{ec2}:security-group/sg-0123456789abcdef0",
            ],
        },
        {
            "Sid": "AttachNetworkInterfaces",
            "Effect": "Allow",
            "Action": [
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            "Resource": [f"{ec2}:network-interface/*"],
        },
        {
            "Sid": "DescribeNetwork",
            "Effect": "Allow",
            "Action": [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "Resource": ["*"],
        },
    ]


def test_extra_read_prefixes_are_the_only_widening():
    model = resolved(security={"extra_read_prefixes": ["s3://lookup/tables/", "s3://lookup/maps/"]})
    plain = statements(*endpoint_statements(resolved(), []))
    assert [one for one in statements(*endpoint_statements(model, [])) if one not in plain] == [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::lookup/tables/*", "arn:aws:s3:::lookup/maps/*"],
        },
        {
            "Sid": "List0",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::lookup"],
            "Condition": {"StringLike": {"s3:prefix": ["tables/*", "maps/*"]}},
        },
    ]


def test_a_monitor_reads_captured_data_and_its_baseline_and_writes_its_own_reports():
    model = resolved()
    content = job_definition_content(model, model.monitors[0])
    bucket = "greenroom-capture-dev-111122223333-us-east-1"
    assert statements(*monitor_statements(model, content)) == [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [
                f"arn:aws:s3:::{bucket}/data-capture/dev-tumor/*",
                f"arn:aws:s3:::example-artifacts/releases/tumor/{A}/baseline/*",
            ],
        },
        {
            "Sid": "List0",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}"],
            "Condition": {"StringLike": {"s3:prefix": ["data-capture/dev-tumor/*"]}},
        },
        {
            "Sid": "List1",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::example-artifacts"],
            "Condition": {"StringLike": {"s3:prefix": [f"releases/tumor/{A}/baseline/*"]}},
        },
        DECRYPT_ARTIFACTS,
        {
            "Sid": "WriteReports",
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{bucket}/monitoring/dev-tumor/data-quality/*"],
        },
        LOG_IN,
        {
            "Sid": "PullImage",
            "Effect": "Allow",
            "Action": PULL,
            "Resource": ["arn:aws:ecr:us-east-1:156813124566:repository/sagemaker-model-monitor-analyzer"],
        },
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": LOGS,
            "Resource": ["arn:aws:logs:us-east-1:111122223333:log-group:/aws/sagemaker/ProcessingJobs:*"],
        },
        {
            "Sid": "PutMetrics",
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricData"],
            "Resource": ["*"],
            "Condition": {
                "StringEquals": {
                    "cloudwatch:namespace": [
                        "aws/sagemaker/Endpoints/data-metrics",
                        "/aws/sagemaker/Endpoints/data-metric",
                    ]
                }
            },
        },
    ]


def test_the_artifact_store_is_read_by_the_environments_accounts_over_tls_only():
    arns = Arns("123456789012", "us-east-1")
    readers = ("arn:aws:iam::111122223333:root",)
    assert statements(tls_only(arns, "example-artifacts"), *read_grants(arns, "example-artifacts", readers)) == [
        {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": ["arn:aws:s3:::example-artifacts", "arn:aws:s3:::example-artifacts/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "EnvironmentsReadReleases",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]},
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::example-artifacts/releases/*"],
        },
        {
            "Sid": "EnvironmentsListReleases",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]},
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::example-artifacts"],
            "Condition": {"StringLike": {"s3:prefix": "releases/*"}},
        },
    ]


def test_the_artifact_key_decrypts_for_the_environments_through_s3_only():
    arns = Arns("123456789012", "us-east-1")
    own = {
        "Sid": "AdministeredByItsAccount",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }
    assert statements(*key_statements(arns, ())) == [own]
    assert statements(*key_statements(arns, ("arn:aws:iam::111122223333:root",))) == [
        own,
        {
            "Sid": "EnvironmentsDecryptThroughS3",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]},
            "Action": ["kms:Decrypt", "kms:DescribeKey"],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
        },
    ]


def test_only_an_endpoints_own_alarms_publish_to_its_topic():
    assert statements(*topic_statements(resolved(), "dev-tumor-alarms")) == [
        {
            "Sid": "AlarmsOfThisEndpointPublish",
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com"]},
            "Action": ["sns:Publish"],
            "Resource": ["arn:aws:sns:us-east-1:111122223333:dev-tumor-alarms"],
            "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:dev-tumor-*"},
                "StringEquals": {"aws:SourceAccount": "111122223333"},
            },
        }
    ]


def test_eleven_releases_stay_within_what_a_roles_inline_policies_may_hold():
    # 10,240 characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    model = resolved(
        environment={
            "network": {"subnet_ids": ["subnet-0123456789abcdef0"], "security_group_ids": ["sg-0123456789abcdef0"]},
            "encryption": {"kms_key_arn": KEY_ARN},
        }
    )
    policies = [
        endpoint_statements(
            model, ["dev-tumor-AllTraffic-rollback-5xx", "dev-tumor-AllTraffic-rollback-model-latency"]
        ),
        *[release_statements(model, release("a"))] * 11,
    ]
    sizes = [len(json.dumps(json.loads(policy_document(*one)), separators=(",", ":"))) for one in policies]
    assert sum(sizes) <= 10_240
