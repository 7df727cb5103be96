"""EventBridge rules reach their targets, and functions run.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from greenroom.sandbox.cloud.lambdas.service import AT_ONCE
from tests.functional.cloud.conftest import ACCOUNT, Aws

pytestmark = pytest.mark.slow  # a cloud a test

REGION = "us-east-1"
LETS_EVENTS_IN = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}
PATTERN = json.dumps({"source": ["example.app"]})


def queue(aws, name, *, open_to_events=True, **attributes):
    policy = {"Version": "2012-10-17", "Statement": [LETS_EVENTS_IN | {"Action": "sqs:SendMessage"}]}
    if open_to_events:
        attributes["Policy"] = json.dumps(policy)
    url = aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def bodies(aws, url):
    received = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    return [message["Body"] for message in received.get("Messages", [])]


def rule(aws, target, name="rule", **more):
    events = aws.client("events")
    events.put_rule(Name=name, **({"EventPattern": PATTERN} | more))
    events.put_targets(Rule=name, Targets=[{"Id": "one"} | target])


def put(aws, detail, source="example.app"):
    entry = {"Source": source, "DetailType": "Changed", "Detail": json.dumps(detail), "Resources": ["arn:x"]}
    return aws.client("events").put_events(Entries=[entry])


def metric(aws, name, namespace="AWS/Events", dimension="RuleName", value="rule"):
    now = aws.time.time()
    found = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=now - 3600,
        EndTime=now + 60,
        Period=7200,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def test_a_queue_gets_the_whole_event(aws):
    """https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html."""
    url, arn = queue(aws, "all")
    rule(aws, {"Arn": arn})
    event_id = put(aws, {"state": "ready"})["Entries"][0]["EventId"]
    put(aws, {"state": "other"}, source="example.other")
    assert [json.loads(body) for body in bodies(aws, url)] == [
        {
            "version": "0",
            "id": event_id,
            "detail-type": "Changed",
            "source": "example.app",
            "account": ACCOUNT,
            "time": "2025-06-15T15:06:40Z",
            "region": REGION,
            "resources": ["arn:x"],
            "detail": {"state": "ready"},
        }
    ]
    assert (metric(aws, "TriggeredRules"), metric(aws, "Invocations"), metric(aws, "FailedInvocations")) == (1, 1, 0)


def test_a_queue_counts_what_waits_what_is_in_flight_and_what_is_delayed(aws):
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html ."""
    sqs, (url, _) = aws.client("sqs"), queue(aws, "counted")
    for delay_seconds in (0, 0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="m", DelaySeconds=delay_seconds)

    def counts():
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return tuple(int(found[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed"))

    assert counts() == (3, 0, 1)
    aws.time.advance(1)
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)
    assert counts() == (2, 1, 1)
    aws.time.advance(60)
    assert counts() == (4, 0, 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail.variants[1]"}, '{"name": "b"}'),
        ({"InputPath": "$.detail.missing"}, "null"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"name": "$.detail.name", "all": "$.detail.variants", "none": "$.detail.none"},
                    "InputTemplate": '{"text": "<name> of <aws.events.rule-name>", "name": <name>, "all": <all>,'
                    ' "none": "<none>"}',
                }
            },
            '{"text": "a \\"b\\" of rule", "name": "a \\"b\\"", "all": [{"name": "a"}, {"name": "b"}], "none": ""}',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"name": "$.detail.count"}, "InputTemplate": '"count is <name>"'}},
            '"count is 3"',
        ),
    ],
)
def test_a_target_gets_what_its_input_says(aws, given, expected):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html."""
    url, arn = queue(aws, "inputs")
    rule(aws, {"Arn": arn} | given)
    put(aws, {"name": 'a "b"', "count": 3, "variants": [{"name": "a"}, {"name": "b"}]})
    assert bodies(aws, url) == [expected]


def test_a_topic_and_a_log_group_are_told(aws):
    url, arn = queue(aws, "subscribed")
    topic = aws.client("sns").create_topic(
        Name="topic",
        Attributes={"Policy": json.dumps({"Statement": [LETS_EVENTS_IN | {"Action": "sns:Publish"}]})},
    )["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    aws.client("logs").create_log_group(logGroupName="/aws/events/all")
    rule(aws, {"Arn": topic, "InputPath": "$.detail"})
    log_group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/all"
    aws.client("events").put_targets(Rule="rule", Targets=[{"Id": "two", "Arn": log_group, "InputPath": "$.detail"}])
    put(aws, {"state": "ready"})
    assert bodies(aws, url) == ['{"state": "ready"}']
    logged = aws.client("logs").filter_log_events(logGroupName="/aws/events/all")["events"]
    assert [event["message"] for event in logged] == ['{"state": "ready"}']


def test_a_subscriber_that_is_gone_keeps_the_others_from_nothing(aws):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html."""
    sqs, sns = aws.client("sqs"), aws.client("sns")
    gone_url, gone = queue(aws, "gone")
    url, arn = queue(aws, "there")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
    for protocol, endpoint in (("sqs", gone), ("lambda", missing), ("http", "http://127.0.0.1:9/"), ("sqs", arn)):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    sqs.delete_queue(QueueUrl=gone_url)
    sns.publish(TopicArn=topic, Message="news")
    assert [json.loads(body)["Message"] for body in bodies(aws, url)] == ["news"]


def test_a_subscriber_that_asks_the_local_aws_before_it_answers_is_told(aws):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html."""
    heard = []

    class Asks(BaseHTTPRequestHandler):
        def do_POST(self):
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Message"]
            heard.append((message, aws.client("sns").list_topics()["Topics"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Asks) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sns = aws.client("sns")
        topic = sns.create_topic(Name="topic")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/")
        sns.publish(TopicArn=topic, Message="news")
        assert eventually(lambda: heard) == [("news", [{"TopicArn": topic}])]
        server.shutdown()


def test_a_pipeline_and_a_state_machine_are_started(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/pipeline-eventbridge.html."""
    role = aws.role()
    aws.sagemaker.create_pipeline(
        PipelineName="train", PipelineDefinition="{}", ClientRequestToken="t" * 32, RoleArn=role
    )
    machine = aws.client("stepfunctions").create_state_machine(
        name="retrain",
        roleArn=role,
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
    )["stateMachineArn"]
    pipeline = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/train"
    parameters = {"PipelineParameterList": [{"Name": "rows", "Value": "10"}]}
    rule(aws, {"Arn": pipeline, "RoleArn": role, "SageMakerPipelineParameters": parameters})
    aws.client("events").put_targets(Rule="rule", Targets=[{"Id": "two", "Arn": machine, "RoleArn": role}])
    put(aws, {"drift": True})
    executions = aws.sagemaker.list_pipeline_executions(PipelineName="train")["PipelineExecutionSummaries"]
    assert len(executions) == 1
    given = aws.sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=executions[0]["PipelineExecutionArn"]
    )
    assert given["PipelineParameters"] == parameters["PipelineParameterList"]
    assert len(aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 1


def test_an_event_goes_on_to_another_bus_and_never_in_a_circle(aws):
    url, arn = queue(aws, "other-bus")
    bus = aws.client("events").create_event_bus(Name="other")["EventBusArn"]
    default = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    rule(aws, {"Arn": bus})
    events = aws.client("events")
    events.put_rule(Name="there", EventBusName="other", EventPattern=PATTERN)
    events.put_targets(
        Rule="there",
        EventBusName="other",
        Targets=[{"Id": "queue", "Arn": arn, "InputPath": "$.detail"}, {"Id": "back", "Arn": default}],
    )
    put(aws, {"n": 1})
    assert bodies(aws, url) == ['{"n": 1}'] * 3  # handed on five times, and no more


def test_what_a_target_does_not_let_in_goes_to_the_dead_letters(aws):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html."""
    url, arn = queue(aws, "closed", open_to_events=False)
    dead_url, dead = queue(aws, "dead")
    rule(aws, {"Arn": arn, "InputPath": "$.detail", "DeadLetterConfig": {"Arn": dead}})
    put(aws, {"n": 1})
    assert bodies(aws, url) == []
    (message,) = aws.client("sqs").receive_message(QueueUrl=dead_url, MessageAttributeNames=["All"])["Messages"]
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (message["Body"], attributes) == (
        '{"n": 1}',
        {
            "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/rule",
            "TARGET_ARN": arn,
            "ERROR_CODE": "NO_PERMISSIONS",
            "ERROR_MESSAGE": f"the policy of {arn} does not allow sqs:SendMessage to the service events.amazonaws.com",
        },
    )
    assert metric(aws, "FailedInvocations") == 1


def test_a_disabled_rule_and_a_rule_with_a_schedule_only_get_no_events(aws):
    url, arn = queue(aws, "quiet")
    rule(aws, {"Arn": arn}, name="off", State="DISABLED")
    aws.client("events").put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    aws.client("events").put_targets(Rule="hourly", Targets=[{"Id": "one", "Arn": arn}])
    put(aws, {"n": 1})
    assert bodies(aws, url) == []


def test_a_schedule_that_is_enabled_makes_up_for_nothing(aws):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html ; from when it counts is a guess."""
    url, arn = queue(aws, "ticks")
    events = aws.client("events")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)", State="DISABLED")
    events.put_targets(Rule="hourly", Targets=[{"Id": "one", "Arn": arn}])
    aws.time.advance(10 * 3600)
    events.enable_rule(Name="hourly")
    assert bodies(aws, url) == []
    aws.time.advance(3600)
    assert [json.loads(body)["time"] for body in bodies(aws, url)] == ["2025-06-16T02:06:40Z"]


def test_a_schedule_fires_by_itself_also_after_a_restart(tmp_path):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html."""
    time = ManualTime()
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        url, arn = queue(aws, "ticks")
        aws.client("events").put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
        aws.client("events").put_targets(Rule="hourly", Targets=[{"Id": "one", "Arn": arn}])
        time.advance(2 * 3600 + 60)
        got = [json.loads(body) for body in bodies(aws, url)]
    assert [event["time"] for event in got] == ["2025-06-15T16:06:40Z", "2025-06-15T17:06:40Z"]
    assert {event["detail-type"] for event in got} == {"Scheduled Event"}
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        time.advance(3600)
        again = [json.loads(body)["time"] for body in bodies(aws, url.replace(url.split("/")[2], address.url[7:]))]
    assert "2025-06-15T18:06:40Z" in again


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        ({"ScheduleExpression": "rate(1 minutes)"}, "ValidationException", "ScheduleExpression is not valid"),
        ({"EventPattern": "{"}, "InvalidEventPatternException", "Event pattern is not valid"),
        ({"EventPattern": '{"source": "x"}'}, "InvalidEventPatternException", "source: must be an object or an array"),
    ],
)
def test_a_rule_that_can_never_fire_is_refused(aws, call, code, says):
    with pytest.raises(ClientError) as refused:
        aws.client("events").put_rule(Name="rule", **call)
    assert refused.value.response["Error"]["Code"] == code
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "NotImplemented"),
        (f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m", "ValidationException"),
    ],
)
def test_a_target_that_cannot_be_told_is_refused(aws, arn, code):
    aws.client("events").put_rule(Name="rule", EventPattern=PATTERN)
    with pytest.raises(ClientError) as refused:
        aws.client("events").put_targets(Rule="rule", Targets=[{"Id": "one", "Arn": arn}])
    assert refused.value.response["Error"]["Code"] == code
    assert aws.client("events").list_targets_by_rule(Rule="rule")["Targets"] == []


def test_entries_are_answered_each_by_itself(aws):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html."""
    answer = aws.client("events").put_events(
        Entries=[
            {"Source": "aws.sagemaker", "DetailType": "x", "Detail": "{}"},
            {"Source": "example", "DetailType": "x", "Detail": "[]"},
            {"Source": "example", "Detail": "{}"},
            {"Source": "example", "DetailType": "x", "Detail": "{}"},
        ]
    )
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == ["NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument", None]
    assert answer["FailedEntryCount"] == 3


HANDLER = """
import json, os, time

def handler(event, context):
    print("got", json.dumps(event))
    if event.get("fail"):
        raise ValueError("as asked")
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if "bucket" in event:
        import boto3
        boto3.client("s3").put_object(Bucket=event["bucket"], Key="said", Body=os.environ["WORD"])
    return {"word": os.environ["WORD"], "name": context.function_name, "left": context.get_remaining_time_in_millis() > 0}
"""


def function(aws, name="listener", **more):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", HANDLER)
    return aws.client("lambda").create_function(
        **(
            {
                "FunctionName": name,
                "Role": aws.role(f"of-{name}"),
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Code": {"ZipFile": archive.getvalue()},
                "Timeout": 10,
                "Environment": {"Variables": {"WORD": "hello"}},
            }
            | more
        )
    )["FunctionArn"]


def invoke(aws, event, name="listener", **more):
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **more)
    return answer["StatusCode"], answer.get("FunctionError"), json.loads(answer["Payload"].read() or "null")


def eventually(what, timeout_seconds=20):
    deadline = time.monotonic() + timeout_seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_function_answers_logs_and_uses_the_local_aws(aws):
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html."""
    function(aws)
    aws.client("s3").create_bucket(Bucket="said-here")
    assert invoke(aws, {"bucket": "said-here"}) == (200, None, {"word": "hello", "name": "listener", "left": True})
    assert aws.client("s3").get_object(Bucket="said-here", Key="said")["Body"].read() == b"hello"
    logged = [e["message"] for e in aws.client("logs").filter_log_events(logGroupName="/aws/lambda/listener")["events"]]
    assert logged[1] == 'got {"bucket": "said-here"}'
    assert [line.split()[0] for line in logged] == ["START", "got", "END", "REPORT"]
    assert metric(aws, "Invocations", "AWS/Lambda", "FunctionName", "listener") == 1


def test_a_function_that_fails_says_how(aws):
    function(aws)
    status, error, payload = invoke(aws, {"fail": True})
    assert (status, error, payload["errorType"], payload["errorMessage"]) == (
        200,
        "Unhandled",
        "ValueError",
        "as asked",
    )
    assert "in handler" in payload["stackTrace"][0]
    function(aws, "slow", Timeout=1)
    status, error, payload = invoke(aws, {"sleep": 30}, "slow")
    assert (status, error) == (200, "Unhandled")
    assert payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert metric(aws, "Errors", "AWS/Lambda", "FunctionName", "listener") == 1


def test_rules_and_topics_invoke_a_function(aws):
    arn = function(aws)
    aws.client("s3").create_bucket(Bucket="said-here")
    rule(aws, {"Arn": arn, "InputPath": "$.detail"})
    put(aws, {"bucket": "said-here"})
    assert metric(aws, "FailedInvocations") == 1  # its policy does not let EventBridge in
    aws.client("lambda").add_permission(
        FunctionName="listener", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    put(aws, {"bucket": "said-here"})
    assert eventually(lambda: aws.client("s3").list_objects_v2(Bucket="said-here")["KeyCount"]) == 1
    topic = aws.client("sns").create_topic(Name="topic")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    aws.client("sns").publish(TopicArn=topic, Message="news", Subject="s")

    def records():
        if not aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda")["logGroups"]:
            return []
        events = aws.client("logs").filter_log_events(logGroupName="/aws/lambda/listener")["events"]
        said = [json.loads(event["message"][4:]) for event in events if event["message"].startswith("got ")]
        return [one["Records"][0]["Sns"] for one in said if "Records" in one]

    (message,) = eventually(records)
    assert (message["TopicArn"], message["Message"], message["Subject"]) == (topic, "news", "s")


def test_an_asynchronous_invocation_is_tried_three_times_then_dead(aws):
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html."""
    url, dead = queue(aws, "dead")
    function(aws, DeadLetterConfig={"TargetArn": dead})
    assert invoke(aws, {"fail": True}, InvocationType="Event")[0] == 202
    assert eventually(lambda: bodies(aws, url)) == ['{"fail": true}']
    assert metric(aws, "Errors", "AWS/Lambda", "FunctionName", "listener") == 3


def running_in(folder):
    """The processes whose folder is in `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            found += [path.parent.name] * path.readlink().is_relative_to(folder)
    return found


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="asks /proc")
def test_functions_run_a_few_at_once_and_end_with_the_cloud(tmp_path):
    with in_process_cloud(tmp_path, load_models=False) as address:
        aws = Aws(address.url)
        function(aws, Timeout=300)
        for _ in range(2 * AT_ONCE):
            invoke(aws, {"sleep": 300}, InvocationType="Event")
        assert eventually(lambda: len(running_in(tmp_path)) >= AT_ONCE)
        assert len(running_in(tmp_path)) == AT_ONCE
    assert running_in(tmp_path) == []


def test_an_unknown_function_and_a_payload_that_is_no_json_are_refused(aws):
    with pytest.raises(ClientError) as refused:
        invoke(aws, {})
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    function(aws)
    with pytest.raises(ClientError) as refused:
        aws.client("lambda").invoke(FunctionName="listener", Payload=b"{")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_a_runtime_that_is_not_python_is_told(aws):
    function(aws, Runtime="nodejs22.x")
    assert invoke(aws, {})[1:] == (
        "Unhandled",
        {
            "errorMessage": "The local AWS runs functions of a Python runtime only; listener has nodejs22.x.",
            "errorType": "Runtime.NotOffered",
        },
    )
