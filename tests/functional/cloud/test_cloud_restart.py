"""The local AWS outlives the command that started it, and what happens to its process."""

import json
import os
import signal
import threading
import time

import pytest

from greenroom.sandbox.cloud import CloudStartError, CloudStatus, LocalCloud, in_process_cloud
from greenroom.sandbox.cloud.address import ServerRecord
from greenroom.sandbox.cloud.clock import ManualTime
from greenroom.sandbox.cloud.journal import Entry, Journal
from tests.functional.cloud.conftest import ACCOUNT, SUMS_ITS_ROWS, Aws, variant

pytestmark = pytest.mark.slow

READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
ROLE_POLICY = {"Version": "2012-10-17", "Statement": [READS]}


@pytest.fixture
def home(tmp_path):
    yield tmp_path
    LocalCloud(tmp_path).stop()


def make_everything(aws):
    """One of everything that a deployment makes, in two accounts."""
    role = aws.role()
    aws.client("iam").put_role_policy(RoleName="execution", PolicyName="p", PolicyDocument=json.dumps(ROLE_POLICY))
    shared = aws.client("s3", account="123456789012")
    shared.create_bucket(Bucket="artifacts")
    policy = {"Statement": [READS | {"Principal": {"AWS": ACCOUNT}}]}
    shared.put_bucket_policy(Bucket="artifacts", Policy=json.dumps(policy))
    shared.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    shared.put_object(Bucket="artifacts", Key="m/code/inference.py", Body=SUMS_ITS_ROWS)
    shared.put_object(Bucket="artifacts", Key="m/weights.bin", Body=os.urandom(200_000))
    aws.client("s3").create_bucket(Bucket="captured")
    key = aws.client("kms").create_key(Description="k")["KeyMetadata"]["KeyId"]
    aws.client("kms").create_alias(AliasName="alias/k", TargetKeyId=key)
    topic = aws.client("sns").create_topic(Name="alarms")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com")
    source = {"S3Uri": "s3://artifacts/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": "image:1", "ModelDataSource": {"S3DataSource": source}}
    aws.model("model", PrimaryContainer=container, ExecutionRoleArn=role)
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://captured/x",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    aws.config("config-1", variants=[variant()], DataCaptureConfig=capture)
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config-1")
    wait_until_in_service(aws)
    aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/endpoint/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=2,
    )
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        MetricName="Invocation5XXErrors",
        Namespace="AWS/SageMaker",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Sum",
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    cloudwatch.put_composite_alarm(AlarmName="unwell", AlarmRule="ALARM(errors)")
    aws.client("logs").put_retention_policy(logGroupName="/aws/sagemaker/Endpoints/endpoint", retentionInDays=7)


def wait_until_in_service(aws, name="endpoint"):
    deadline = time.monotonic() + 60
    while (status := aws.status(name)) != "InService":
        assert status in {"Creating", "Updating"}, aws.sagemaker.describe_endpoint(EndpointName=name)
        assert time.monotonic() < deadline
        time.sleep(0.05)


def everything(aws):
    """What all those resources look like, ids and times included."""
    shared = aws.client("s3", account="123456789012")
    answers = {
        "role": aws.client("iam").get_role(RoleName="execution"),
        "role policy": aws.client("iam").get_role_policy(RoleName="execution", PolicyName="p"),
        "buckets": shared.list_buckets(),
        "objects": shared.list_object_versions(Bucket="artifacts"),
        "captured": aws.client("s3").list_objects_v2(Bucket="captured"),
        "keys": aws.client("kms").list_keys(),
        "aliases": aws.client("kms").list_aliases(),
        "subscriptions": aws.client("sns").list_subscriptions(),
        "model": aws.sagemaker.describe_model(ModelName="model"),
        "config": aws.sagemaker.describe_endpoint_config(EndpointConfigName="config-1"),
        "endpoint": aws.sagemaker.describe_endpoint(EndpointName="endpoint"),
        "targets": aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker"),
        "alarms": aws.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"]),
        "metrics": aws.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker"),
        "log groups": aws.client("logs").describe_log_groups(),
        "log events": aws.client("logs").filter_log_events(logGroupName="/aws/sagemaker/Endpoints/endpoint"),
        "default vpc": aws.client("ec2").describe_vpcs(),
    }
    for one in answers.values():
        del one["ResponseMetadata"]
    # CloudWatch lists metrics in no order that it promises
    answers["metrics"]["Metrics"].sort(key=str)
    return answers


def invoke(aws):
    runtime = aws.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName="endpoint", Body=b"1,2,3", ContentType="text/csv")
    return json.loads(answer["Body"].read())


def test_a_server_that_was_killed_comes_back_with_the_same_state_at_the_same_address(home):
    cloud = LocalCloud(home)
    assert cloud.status().state == "stopped"
    address = cloud.ensure_running()
    assert cloud.ensure_running() == address
    aws = Aws(address.url)
    make_everything(aws)
    assert invoke(aws) == [6.0]
    before = everything(aws)
    assert before["captured"]["KeyCount"] == 1
    os.kill(address.pid, signal.SIGKILL)
    while cloud.status().state != "stopped":
        time.sleep(0.05)
    with (home / "cloud" / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"kind":"request","at":17')  # the request it was killed in
    seen: list[CloudStatus] = []
    again = cloud.ensure_running(on_progress=seen.append)
    assert (again.url, again.pid == address.pid) == (address.url, False)
    assert everything(aws) == before
    assert invoke(aws) == [6.0]
    assert {"starting", "restoring"} >= {status.state for status in seen}
    assert "a request that was never answered was dropped" in cloud.logs.read_text()
    assert cloud.stop()
    assert not cloud.stop()
    cloud.reset()
    assert sorted(path.name for path in (home / "cloud").iterdir()) == ["port", "server.lock", "start.lock"]
    fresh = Aws(cloud.ensure_running().url)
    assert fresh.sagemaker.list_endpoints()["Endpoints"] == []
    assert fresh.client("s3", account="123456789012").list_buckets()["Buckets"] == []


def test_commands_that_start_it_at_once_get_the_same_server(home):
    addresses = []

    def start():
        addresses.append(LocalCloud(home).ensure_running())

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(addresses) == 3
    assert len(set(addresses)) == 1


def test_a_stale_record_names_nobody_and_ends_nobody(home):
    folder = home / "cloud"
    folder.mkdir()
    # our own pid, as if the system had given it to another process since
    ServerRecord(os.getpid(), "1", 1, "123456789012").write(folder / "server.json")
    cloud = LocalCloud(home)
    assert cloud.status().state == "stopped"
    assert cloud.stop() is False


def test_a_record_of_changes_that_cannot_be_read_is_said_with_its_line(home):
    folder = home / "cloud"
    folder.mkdir()
    (folder / "journal.jsonl").write_text("not json\n")
    with pytest.raises(CloudStartError, match=r"journal\.jsonl, line 1: .*greenroom sandbox reset"):
        LocalCloud(home).ensure_running()


def test_a_deployment_that_was_under_way_is_gone_on_with(tmp_path):
    with in_process_cloud(tmp_path) as address:
        aws = Aws(address.url)
        make_everything(aws)
        aws.config("config-2", variants=[variant()])
        aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2")
        # stopped before the new fleet is up
    with in_process_cloud(tmp_path) as address:
        aws = Aws(address.url)
        wait_until_in_service(aws)
        assert aws.sagemaker.describe_endpoint(EndpointName="endpoint")["EndpointConfigName"] == "config-2"
        assert invoke(aws) == [6.0]


def test_requests_in_parallel_are_restored_with_the_same_ids(tmp_path):
    def roles(aws):
        found = aws.client("iam").list_roles()["Roles"]
        return sorted((role["RoleName"], role["RoleId"], role["CreateDate"]) for role in found)

    with in_process_cloud(tmp_path, load_models=False) as address:
        aws = Aws(address.url)
        clients = [aws.client("iam")] + [Aws(address.url).client("iam") for _ in range(3)]

        def make(number):
            for index in range(10):
                clients[number].create_role(RoleName=f"r-{number}-{index}", AssumeRolePolicyDocument="{}")

        threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        before = roles(aws)
        assert len(before) == 40
    with in_process_cloud(tmp_path, load_models=False) as address:
        assert roles(Aws(address.url)) == before


def test_reading_is_not_recorded(tmp_path):
    journal = tmp_path / "cloud" / "journal.jsonl"
    with in_process_cloud(tmp_path, load_models=False, time_source=ManualTime()) as address:
        aws = Aws(address.url)
        aws.model()
        size = journal.stat().st_size
        aws.sagemaker.list_models()
        aws.client("cloudwatch").describe_alarms()
        aws.client("iam").list_roles()
        aws.client("s3").list_buckets()
        aws.client("sts").get_caller_identity()
        assert journal.stat().st_size == size > 0


def test_deleted_things_stay_deleted(tmp_path):
    time_source = ManualTime()
    with in_process_cloud(tmp_path, load_models=False, time_source=time_source) as address:
        aws = Aws(address.url, time_source)
        aws.endpoint()
        aws.sagemaker.delete_endpoint(EndpointName="endpoint")
        time_source.advance(1)
    with in_process_cloud(tmp_path, load_models=False, time_source=time_source) as address:
        aws = Aws(address.url)
        assert aws.sagemaker.list_endpoints()["Endpoints"] == []
        assert [one["ModelName"] for one in aws.sagemaker.list_models()["Models"]] == ["model"]


def test_what_cannot_be_applied_any_more_is_left_out_and_the_rest_comes_back(tmp_path, caplog):
    """A journal of an earlier version may tell of what a request made that is refused by now."""
    attributes = {"event": "alarm-state", "account_id": ACCOUNT, "region": "us-east-1", "alarm_name": "unknown"}
    told = {"state_value": "ALARM", "reason": "r", "reason_data": None}
    with in_process_cloud(tmp_path, load_models=False) as address:
        Aws(address.url).client("sqs").create_queue(QueueName="before")
    journal = Journal(tmp_path / "cloud")
    journal.open()
    journal.append(Entry("event", 1_750_000_000.0, 1, attributes | told, b""))
    journal.close()
    with in_process_cloud(tmp_path, load_models=False) as address:
        assert len(Aws(address.url).client("sqs").list_queues()["QueueUrls"]) == 1
    assert "line 2 of the journal cannot be applied and is left out" in caplog.text
