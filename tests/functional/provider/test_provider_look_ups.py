"""Functions that look things up answer what the real provider's schema says, and its words where nothing is there."""

from __future__ import annotations

import base64
from typing import Any

import boto3
import pytest

from greenroom.sandbox.provider.errors import AwsRefusedError, FailedResourceError, UnsupportedFunctionError
from greenroom.sandbox.provider.functions import FUNCTIONS, function_tokens
from greenroom.sandbox.provider.functions.look_up import result_properties
from tests.functional.provider import native_samples_beside
from tests.functional.provider.aws_stage import ACCOUNT, REGION, AwsStage, CheckFailedError
from tests.functional.provider.sample import BUCKET, EXECUTION_ROLE, trust

pytestmark = pytest.mark.slow


def client(stage: AwsStage, service: str) -> Any:
    """Someone else's client."""
    session: Any = boto3.session.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test", region_name=REGION)
    return session.client(service, endpoint_url=stage.url)


@pytest.mark.parametrize("token", [token for token in FUNCTIONS if token.startswith("aws:")])
def test_every_function_is_one_of_the_sdk(token: str) -> None:
    assert result_properties(token)


class TestNetwork:
    def test_the_default_vpc_its_subnets_and_its_security_group(self, stage: AwsStage) -> None:
        vpc = stage.invoke("aws:ec2/getVpc:getVpc", {"default": True})
        assert (vpc["default"], vpc["cidrBlock"], vpc["state"]) == (True, "172.31.0.0/16", "available")
        assert vpc["arn"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpc['id']}"
        assert vpc["enableDnsSupport"] is True
        assert vpc["mainRouteTableId"].startswith("rtb-")
        wanted = {"filters": [{"name": "vpc-id", "values": [vpc["id"]]}]}
        subnets = stage.invoke("aws:ec2/getSubnets:getSubnets", wanted)
        assert subnets["id"] == REGION
        assert len(subnets["ids"]) == 6
        subnet = stage.invoke("aws:ec2/getSubnet:getSubnet", {"id": subnets["ids"][0]})
        assert (subnet["vpcId"], subnet["id"]) == (vpc["id"], subnets["ids"][0])
        assert subnet["arn"].endswith(f"subnet/{subnet['id']}")
        group = stage.invoke("aws:ec2/getSecurityGroup:getSecurityGroup", {"vpcId": vpc["id"], "name": "default"})
        assert (group["name"], group["vpcId"]) == ("default", vpc["id"])

    def test_none_and_several_are_told_in_the_real_providers_words(self, stage: AwsStage) -> None:
        with pytest.raises(FailedResourceError, match="no matching EC2 VPC found"):
            stage.invoke("aws:ec2/getVpc:getVpc", {"cidrBlock": "10.9.0.0/16"})
        with pytest.raises(FailedResourceError, match=r"multiple EC2 Subnets matched .*reduce matches to a single"):
            stage.invoke("aws:ec2/getSubnet:getSubnet", {})
        assert stage.invoke("aws:ec2/getSubnets:getSubnets", {"tags": {"no": "such"}})["ids"] == []


class TestObjects:
    def test_the_keys_of_a_bucket_are_no_more_than_were_asked_for_and_of_every_page(self, stage: AwsStage) -> None:
        s3_client = client(stage, "s3")
        s3_client.create_bucket(Bucket="many-keys")
        for index in range(1003):
            s3_client.put_object(Bucket="many-keys", Key=f"a/{index:04}/b", Body=b"")
        keys = [f"a/{index:04}/b" for index in range(1003)]
        token = "aws:s3/getObjects:getObjects"
        assert stage.invoke(token, {"bucket": "many-keys", "prefix": "a/", "maxKeys": 2}) == {
            "bucket": "many-keys",
            "prefix": "a/",
            "id": "many-keys",
            "region": REGION,
            "maxKeys": 2,
            "keys": keys[:2],
            "commonPrefixes": [],
            "owners": [],
            "requestCharged": "",
        }
        assert stage.invoke(token, {"bucket": "many-keys"})["keys"] == keys[:1000]
        assert stage.invoke(token, {"bucket": "many-keys", "maxKeys": 1002})["keys"] == keys[:1002]
        folders = stage.invoke(token, {"bucket": "many-keys", "prefix": "a/100", "delimiter": "/"})
        assert (folders["keys"], folders["commonPrefixes"]) == ([], ["a/1000/", "a/1001/", "a/1002/"])

    def test_a_bucket_that_is_not_there_is_an_error(self, stage: AwsStage) -> None:
        with pytest.raises(AwsRefusedError, match="NoSuchBucket"):
            stage.invoke("aws:s3/getObjects:getObjects", {"bucket": "no-such-bucket"})


class TestNames:
    def test_an_arn_falls_into_its_parts(self, stage: AwsStage) -> None:
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/a:b"
        assert stage.invoke("aws:index/getArn:getArn", {"arn": arn}) == {
            "account": ACCOUNT,
            "arn": arn,
            "id": arn,
            "partition": "aws",
            "region": REGION,
            "resource": "endpoint/a:b",
            "service": "sagemaker",
        }
        with pytest.raises(CheckFailedError, match="'none' is no ARN"):
            stage.invoke("aws:index/getArn:getArn", {"arn": "none"})

    def test_services_and_principals(self, stage: AwsStage) -> None:
        service = stage.invoke("aws:index/getService:getService", {"serviceId": "s3"})
        assert (service["dnsName"], service["reverseDnsName"]) == (
            "s3.us-east-1.amazonaws.com",
            "com.amazonaws.us-east-1.s3",
        )
        again = stage.invoke("aws:index/getService:getService", {"reverseDnsName": "com.amazonaws.us-west-2.sqs"})
        assert (again["serviceId"], again["region"]) == ("sqs", "us-west-2")
        principal = stage.invoke("aws:index/getServicePrincipal:getServicePrincipal", {"serviceName": "sagemaker"})
        assert principal["name"] == "sagemaker.amazonaws.com"
        assert REGION in stage.invoke("aws:index/getRegions:getRegions", {})["names"]

    def test_the_role_behind_a_session(self, stage: AwsStage) -> None:
        role = stage.create(*EXECUTION_ROLE)
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/execution/me"
        context = stage.invoke("aws:iam/getSessionContext:getSessionContext", {"arn": arn})
        assert (context["issuerArn"], context["issuerName"], context["sessionName"]) == (
            role.outputs["arn"],
            "execution",
            "me",
        )
        user = f"arn:aws:iam::{ACCOUNT}:user/me"
        assert stage.invoke("aws:iam/getSessionContext:getSessionContext", {"arn": user})["issuerArn"] == user


class TestThings:
    def test_a_role_and_a_policy(self, stage: AwsStage) -> None:
        made = stage.create(*EXECUTION_ROLE)
        role = stage.invoke("aws:iam/getRole:getRole", {"name": "execution"})
        assert (role["arn"], role["id"], role["uniqueId"]) == (
            made.outputs["arn"],
            "execution",
            made.outputs["uniqueId"],
        )
        assert role["assumeRolePolicy"] == trust("sagemaker.amazonaws.com")
        policy = stage.invoke("aws:iam/getPolicy:getPolicy", {"name": "ReadOnlyAccess"})
        assert policy["arn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"
        with pytest.raises(FailedResourceError, match=r"reading IAM Role \(none\): couldn't find resource"):
            stage.invoke("aws:iam/getRole:getRole", {"name": "none"})

    def test_a_bucket_and_its_objects(self, stage: AwsStage) -> None:
        s3 = client(stage, "s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="a.json", Body=b"{}", ContentType="application/json", Metadata={"m": "n"})
        bucket = stage.invoke("aws:s3/getBucket:getBucket", {"bucket": BUCKET})
        assert (bucket["arn"], bucket["id"], bucket["bucketRegion"]) == (f"arn:aws:s3:::{BUCKET}", BUCKET, REGION)
        found = stage.invoke("aws:s3/getObject:getObject", {"bucket": BUCKET, "key": "a.json"})
        assert (found["body"], found["contentLength"], found["metadata"]) == ("{}", 2, {"m": "n"})
        with pytest.raises(FailedResourceError, match=r"reading S3 Object \(dev-artifacts/b\): couldn't find resource"):
            stage.invoke("aws:s3/getObject:getObject", {"bucket": BUCKET, "key": "b"})
        with pytest.raises(FailedResourceError, match=r"reading S3 Bucket \(none\): couldn't find resource"):
            stage.invoke("aws:s3/getBucket:getBucket", {"bucket": "none"})

    def test_a_key_and_its_alias(self, stage: AwsStage) -> None:
        key = stage.create("aws:kms/key:Key", {"description": "d"})
        stage.create("aws:kms/alias:Alias", {"name": "alias/artifacts", "targetKeyId": key.resource_id})
        found = stage.invoke("aws:kms/getKey:getKey", {"keyId": key.resource_id})
        assert (found["arn"], found["description"], found["enabled"]) == (key.outputs["arn"], "d", True)
        alias = stage.invoke("aws:kms/getAlias:getAlias", {"name": "alias/artifacts"})
        assert (alias["targetKeyId"], alias["targetKeyArn"]) == (key.resource_id, key.outputs["arn"])
        with pytest.raises(FailedResourceError, match=r"reading KMS Alias \(alias/none\): couldn't find resource"):
            stage.invoke("aws:kms/getAlias:getAlias", {"name": "alias/none"})

    def test_parameters_and_secrets(self, stage: AwsStage) -> None:
        client(stage, "ssm").put_parameter(Name="/a", Value="1,2", Type="StringList")
        secret = client(stage, "secretsmanager").create_secret(Name="token", SecretString="s")["ARN"]
        parameter = stage.invoke("aws:ssm/getParameter:getParameter", {"name": "/a"})
        assert (parameter["value"], parameter["insecureValue"], parameter["version"]) == ("1,2", "1,2", 1)
        assert stage.invoke("aws-native:index:getSsmParameterList", {"name": "/a"}) == {"value": ["1", "2"]}
        assert stage.invoke("aws:secretsmanager/getSecret:getSecret", {"name": "token"})["id"] == secret
        version = stage.invoke("aws:secretsmanager/getSecretVersion:getSecretVersion", {"secretId": secret})
        assert (version["secretString"], version["secretArn"]) == ("s", secret)
        with pytest.raises(FailedResourceError, match=r"reading SSM Parameter \(/b\): couldn't find resource"):
            stage.invoke("aws:ssm/getParameter:getParameter", {"name": "/b"})

    def test_log_groups_buses_topics_and_queues(self, stage: AwsStage) -> None:
        client(stage, "logs").create_log_group(logGroupName="/a")
        topic = client(stage, "sns").create_topic(Name="alarms")["TopicArn"]
        client(stage, "sqs").create_queue(QueueName="alarms")
        group = stage.invoke("aws:cloudwatch/getLogGroup:getLogGroup", {"name": "/a"})
        assert (group["arn"], group["id"]) == (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a", "/a")
        bus = stage.invoke("aws:cloudwatch/getEventBus:getEventBus", {"name": "default"})
        assert bus["arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
        assert stage.invoke("aws:sns/getTopic:getTopic", {"name": "alarms"})["arn"] == topic
        queue = stage.invoke("aws:sqs/getQueue:getQueue", {"name": "alarms"})
        assert (queue["arn"], queue["url"]) == (
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms",
            f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/alarms",
        )
        for token, what in (("sns/getTopic:getTopic", "SNS Topic"), ("sqs/getQueue:getQueue", "SQS Queue")):
            with pytest.raises(FailedResourceError, match=what):
                stage.invoke(f"aws:{token}", {"name": "none"})

    def test_a_registry(self, stage: AwsStage) -> None:
        client(stage, "ecr").create_repository(repositoryName="models")
        found = stage.invoke("aws:ecr/getRepository:getRepository", {"name": "models"})
        assert found["arn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/models"
        token = stage.invoke("aws:ecr/getAuthorizationToken:getAuthorizationToken", {})
        assert base64.b64decode(token["authorizationToken"]).decode() == f"{token['userName']}:{token['password']}"
        with pytest.raises(FailedResourceError, match="no matching ECR Image found"):
            stage.invoke("aws:ecr/getImage:getImage", {"repositoryName": "models", "imageTag": "none"})


class TestNative:
    def test_pseudo_parameters_and_intrinsic_functions(self, stage: AwsStage) -> None:
        def answer(function: str, /, **arguments: Any) -> Any:
            return stage.invoke(f"aws-native:index:{function}", arguments)

        assert answer("getAccountId") == {"accountId": ACCOUNT}
        assert answer("getRegion") == {"region": REGION}
        assert answer("getPartition") == {"dnsSuffix": "amazonaws.com", "partition": "aws"}
        assert answer("getUrlSuffix") == {"urlSuffix": "amazonaws.com"}
        assert answer("getAzs")["azs"][:2] == ["us-east-1a", "us-east-1b"]
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
        assert answer("cidr", ipBlock="10.0.0.0/24", count=2, cidrBits=5) == {
            "subnets": ["10.0.0.0/27", "10.0.0.32/27"]
        }
        with pytest.raises(CheckFailedError, match="has no room for 9 subnets"):
            answer("cidr", ipBlock="10.0.0.0/24", count=9, cidrBits=5)
        with pytest.raises(FailedResourceError, match="unknown export 'none'"):
            answer("importValue", name="none")

    def test_a_resource_is_found_by_its_primary_identifier(self, stage: AwsStage) -> None:
        inputs = native_samples_beside.ALARM
        made = stage.create("aws-native:cloudwatch:Alarm", inputs)
        found = stage.invoke("aws-native:cloudwatch:getAlarm", {"alarmName": inputs["alarmName"]})
        assert (found["arn"], found["threshold"], found["tags"]) == (
            made.outputs["arn"],
            1.5,
            [{"key": "team", "value": "oncology"}],
        )
        with pytest.raises(FailedResourceError, match="resource not found: AWS knows no none"):
            stage.invoke("aws-native:cloudwatch:getAlarm", {"alarmName": "none"})


def test_a_function_that_the_sandbox_does_not_have_is_refused_by_name(stage: AwsStage) -> None:
    with pytest.raises(UnsupportedFunctionError, match=r"cannot answer the function 'aws:ec2/getInstance:getInstance'"):
        stage.invoke("aws:ec2/getInstance:getInstance", {"instanceId": "i-0"})
    assert len(function_tokens()) > 60
