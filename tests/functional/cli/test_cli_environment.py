"""An environment of the repository's own project, from `up` to `destroy`, as a person types it."""

import json
import re
from pathlib import Path

import pytest

from tests.functional.cli.conftest import Shell

pytestmark = pytest.mark.slow

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def test_a_second_up_changes_nothing(deployed: Shell) -> None:
    again = deployed.json("sandbox", "up", "dev")
    assert (again["stack"], again["result"]) == ("dev", "succeeded")
    assert set(again["changeSummary"]) == {"same"}
    assert [(need["stack"], set(need["changeSummary"])) for need in again["needs"]] == [("artifacts", {"same"})]


def test_up_says_where_to_look_next(deployed: Shell) -> None:
    told = deployed.ok("sandbox", "up", "dev").stdout
    assert "dev-tumor" in told
    for command in ("invoke dev tumor", "preview dev", "up dev", "status", "logs dev tumor", "destroy dev"):
        assert f"greenroom sandbox {command}" in told


def test_the_endpoint_answers_the_samples_with_the_truth(deployed: Shell) -> None:
    samples = deployed.project / "models" / "tumor" / "samples"
    answered = deployed.json("sandbox", "invoke", "dev", "tumor")
    assert (answered["endpoint"], answered["variant"]) == ("dev-tumor", "AllTraffic")
    truth = json.loads(text_of(samples / "truth.json"))
    right = [one["label"] == label for one, label in zip(answered["predictions"], truth, strict=True)]
    assert sum(right) >= len(truth) - 1
    rows = str(samples / "rows.csv")
    again = deployed.json("sandbox", "invoke", "dev", "tumor", "--data", rows, "--accept", "application/json")
    assert again["predictions"] == answered["predictions"]
    as_csv = deployed.json("sandbox", "invoke", "dev", "tumor", "--data", rows)
    assert as_csv["contentType"].startswith("text/csv")  # as it was sent: a monitor reads both sides alike
    assert [label for _, label in as_csv["predictions"]] == [one["label"] for one in answered["predictions"]]


def test_predictions_are_a_table_for_people(deployed: Shell) -> None:
    header, first, *_ = deployed.ok("sandbox", "invoke", "dev", "tumor").stdout.splitlines()
    assert header.split() == ["ROW", "PROBABILITY", "LABEL"]
    assert re.fullmatch(r"1 +[0-9.e-]+ +(benign|malignant)", first)


def test_a_request_that_the_model_refuses_is_bad_input_in_the_models_words(deployed: Shell, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("1,2,3\n")
    ended = deployed.run("sandbox", "invoke", "dev", "tumor", "--data", str(rows))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "ModelError (status 400)" in ended.stderr
    assert "30" in ended.stderr
    assert "greenroom sandbox logs dev tumor" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["invoke", "dev", "tumour"], "'tumour'.\n  Use one of: tumor."),
        (["invoke", "dev", "tumor", "--variant", "blue"], "blue"),
        (["up", "dve"], "dev"),
        (["preview", "dev.fraud"], "allowed: artifacts, dev, prod, staging"),
        (["destroy", "staging"], "was not deployed"),
        (["export", "staging"], "Stacks that were: artifacts, dev."),
        (["up", "dev", "--account", "123456789012"], "environments/ENV.yaml"),
        (["destroy", "artifacts"], "greenroom sandbox destroy dev"),
        (["reset"], "--yes"),
    ],
)
def test_bad_input_gets_one_clear_error_and_exit_code_2(deployed: Shell, arguments: list[str], told: str) -> None:
    ended = deployed.run("sandbox", *arguments)
    assert (ended.exit_code, ended.stdout) == (2, ""), ended.output
    assert told in ended.stderr
    assert ended.stderr.count("error:") == 1
    assert "Traceback" not in ended.stderr


def test_logs_hold_what_the_serving_process_said(deployed: Shell) -> None:
    deployed.ok("sandbox", "invoke", "dev", "tumor")
    assert "POST /invocations 200" in deployed.ok("sandbox", "logs", "dev", "tumor").stdout


def test_status_tells_server_stacks_and_endpoints(deployed: Shell) -> None:
    status = deployed.json("sandbox", "status")
    address = deployed.cloud.status().address
    assert address is not None
    assert (status["state"], status["url"], status["pid"]) == ("ready", address.url, address.pid)
    assert [stack["name"] for stack in status["stacks"]] == ["artifacts", "dev"]
    assert status["endpoints"] == [
        {
            "stack": "dev",
            "name": "dev-tumor",
            "accountId": "111122223333",
            "region": "us-east-1",
            "status": "InService",
        }
    ]
    assert "dev-tumor  dev    111122223333  us-east-1  InService" in deployed.ok("sandbox", "status").stdout


def test_export_is_what_pulumi_stack_export_prints(deployed: Shell) -> None:
    exported = json.loads(deployed.ok("sandbox", "export", "dev").stdout)
    assert exported["version"] == 3
    assert {"pulumi:pulumi:Stack", "aws-native:sagemaker:Endpoint"} <= {
        resource["type"] for resource in exported["deployment"]["resources"]
    }


def test_env_reaches_the_local_aws_as_the_environments_account(deployed: Shell) -> None:
    import boto3

    variables = deployed.json("sandbox", "env", "dev")
    sts = boto3.client(
        "sts",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    assert sts.get_caller_identity()["Account"] == "111122223333"
    sts.close()
    lines = deployed.ok("sandbox", "env", "dev").stdout.splitlines()
    assert lines == [f"export {name}={value}" for name, value in variables.items()]


def test_preview_shows_the_one_property_that_a_changed_threshold_changes(deployed: Shell) -> None:
    spec = deployed.project / "models" / "tumor" / "model.yaml"
    written = text_of(spec)
    spec.write_text(written.replace("threshold: 250", "threshold: 275"), encoding="utf-8")
    try:
        planned = deployed.json("sandbox", "preview", "dev")
        shown = deployed.ok("sandbox", "preview", "dev").stdout
    finally:
        spec.write_text(written, encoding="utf-8")
    changes = {op: count for op, count in planned["changeSummary"].items() if op != "same"}
    updates = [step for step in planned["steps"] if step["op"] == "update"]
    assert changes == {"update": len(updates)}
    assert {step["op"] for step in planned["steps"]} == {"same", "update"}  # the root stack's, as Pulumi's has it
    assert "~ threshold: 250000 => 275000" in shown
    assert "dev-tumor-AllTraffic-model-latency  update" in shown
    alarm = next(step for step in updates if step["urn"].endswith("::dev-tumor-AllTraffic-model-latency"))
    assert alarm["diffReasons"] == ["alarmDescription", "threshold"]
    assert alarm["detailedDiff"]["threshold"] == {"kind": "update", "inputDiff": True}


def test_a_release_that_the_files_no_longer_give_stops_everything_and_says_how_to_go_on(
    greenroom_project: Shell,
) -> None:
    inference = greenroom_project.project / "models" / "tumor" / "inference.py"
    inference.write_text(text_of(inference) + "\n# changed\n", encoding="utf-8")
    ended = greenroom_project.run("sandbox", "up", "dev")
    assert (ended.exit_code, ended.stdout) == (2, "")
    pinned, given = dict.fromkeys(DIGEST.findall(ended.stderr.partition("error:")[2]))
    assert pinned in text_of(greenroom_project.project / "environments" / "dev.yaml")
    assert given != pinned
    assert "greenroom package models/tumor --pin dev" in ended.stderr
    assert greenroom_project.cloud.status().state == "stopped"

    greenroom_project.ok("package", str(greenroom_project.project / "models" / "tumor"), "--pin", "dev")
    environment = text_of(greenroom_project.project / "environments" / "dev.yaml")
    assert (given in environment, pinned in environment) == (True, False)
    assert greenroom_project.json("check", "dev")["valid"]


def test_check_tells_every_violation_with_file_line_and_fix(greenroom_project: Shell) -> None:
    spec = greenroom_project.project / "models" / "tumor" / "model.yaml"
    written = text_of(spec)
    spec.write_text(written.replace("ml.m5.large", "ml.m5.enormous").replace("owner:", "ownr:"), encoding="utf-8")
    ended = greenroom_project.run("check")
    assert ended.exit_code == 2
    lines = ended.stdout.splitlines()
    assert all(re.match(r"models/tumor/model\.yaml(:\d+)?: ", line) for line in lines)
    assert any("ml.m5.enormous" in line for line in lines)
    assert any("did you mean 'owner'?" in line for line in lines)
    told = json.loads(greenroom_project.run("check", "--json").stdout)
    assert (told["valid"], len(told["violations"])) == (False, len(lines))


def test_check_says_which_pins_it_could_not_compare_with_a_release(greenroom_project: Shell) -> None:
    (digest,) = DIGEST.findall(text_of(greenroom_project.project / "environments" / "dev.yaml"))
    ended = greenroom_project.run("check")
    assert ended.exit_code == 0
    assert ended.stdout == "3 models, 3 environments (dev, prod, staging): all right\n"
    assert ended.stderr == (
        f"environments/dev.yaml: releases.tumor: {digest} is not in the local store yet; "
        "`greenroom package models/tumor` must give it\n"
    )
    greenroom_project.ok("package", str(greenroom_project.project / "models" / "tumor"))
    assert greenroom_project.run("check").stderr == ""


@pytest.mark.slow
def test_destroy_leaves_nothing_and_up_starts_anew(greenroom_project: Shell) -> None:
    greenroom_project.ok("sandbox", "up", "dev")
    greenroom_project.ok("release", "publish", "tumor@dev", "--register")
    destroyed = greenroom_project.json("sandbox", "destroy", "dev")
    assert destroyed["stack"] == "dev"
    assert [also["stack"] for also in destroyed["also"]] == ["artifacts"]
    assert greenroom_project.json("sandbox", "status")["endpoints"] == []
    assert left_in(greenroom_project) == []
    assert greenroom_project.json("sandbox", "up", "dev")["result"] == "succeeded"


def left_in(shell: Shell) -> list[str]:
    """What is left of a project in its local AWS, over all accounts."""
    from greenroom.delivery.project import GreenroomProject
    from greenroom.sandbox import Sandbox

    sandbox = Sandbox(shell.project, home_folder=shell.home)
    left: list[str] = []
    for account in sorted(GreenroomProject.load(shell.project).accounts()):
        sagemaker = sandbox.client("sagemaker", account, "us-east-1")
        left += [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]]
        left += [one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
        left += [one["ModelName"] for one in sagemaker.list_models()["Models"]]
        groups = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        left += [one["ModelPackageGroupName"] for one in groups]
        left += [one["Name"] for one in sandbox.client("s3", account, "us-east-1").list_buckets()["Buckets"]]
        left += [one["RoleName"] for one in sandbox.client("iam", account, "us-east-1").list_roles()["Roles"]]
        left += [one["TopicArn"] for one in sandbox.client("sns", account, "us-east-1").list_topics()["Topics"]]
        alarms = sandbox.client("cloudwatch", account, "us-east-1").describe_alarms(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        left += [one["AlarmName"] for one in (*alarms["MetricAlarms"], *alarms["CompositeAlarms"])]
        log_groups = sandbox.client("logs", account, "us-east-1").describe_log_groups()["logGroups"]
        left += [one["logGroupName"] for one in log_groups]
    return left
