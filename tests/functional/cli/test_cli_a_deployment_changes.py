"""A deployment changes, is drifted from and repaired, and each time the smallest right change is made."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from tests.functional.cli.conftest import Shell

pytestmark = pytest.mark.slow

ACCOUNT = "111122223333"
MODEL_LATENCY = "MetricAlarm dev-tumor-AllTraffic-model-latency"
ROLLBACK_LATENCY = "MetricAlarm dev-tumor-AllTraffic-rollback-model-latency"
ROLLBACK_5XX = "MetricAlarm dev-tumor-AllTraffic-rollback-5xx"
DASHBOARD = "Dashboard dev-tumor"
ENDPOINT = "Endpoint dev-tumor"


def edit(shell: Shell, file: str, old: str, new: str) -> None:
    path = shell.project / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def changed(answer: Any) -> list[tuple[str, str]]:
    """`(operation, "Type name")` of every step that is one, in the order they were made."""
    return [
        (step["op"], f"{step['urn'].split('::')[2].split(':')[-1]} {step['urn'].split('::')[3]}")
        for step in answer["steps"]
        if step["op"] not in {"same", "refresh"}
    ]


def alarms(shell: Shell, *, delete: str = "") -> set[str]:
    from greenroom.sandbox import Sandbox

    cloudwatch = Sandbox(shell.project, home_folder=shell.home).client("cloudwatch", ACCOUNT, "us-east-1")
    if delete:
        cloudwatch.delete_alarms(AlarmNames=[delete])
    return {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]}


def endpoint(shell: Shell) -> dict[str, Any]:
    from greenroom.sandbox import Sandbox

    sagemaker = Sandbox(shell.project, home_folder=shell.home).client("sagemaker", ACCOUNT, "us-east-1")
    live: dict[str, Any] = sagemaker.describe_endpoint(EndpointName="dev-tumor")
    configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    return {**live, "configs": [config["EndpointConfigName"] for config in configs]}


def test_each_edit_is_planned_as_the_smallest_right_change_and_made(greenroom_project: Shell) -> None:
    shell = greenroom_project
    shell.ok("sandbox", "up", "dev")

    edit(shell, "models/tumor/model.yaml", "threshold: 250", "threshold: 300")
    planned = changed(shell.json("sandbox", "preview", "dev"))
    assert Counter(planned) == Counter([("update", MODEL_LATENCY), ("update", ROLLBACK_LATENCY)])
    assert Counter(changed(shell.json("sandbox", "up", "dev"))) == Counter(planned)

    before = endpoint(shell)
    edit(shell, "models/tumor/model.yaml", "initial_instance_count: 1", "initial_instance_count: 2")
    planned = changed(shell.json("sandbox", "preview", "dev"))
    old = f"EndpointConfiguration {before['EndpointConfigName']}"
    new = next(name for op, name in planned if op == "create")
    assert new.startswith("EndpointConfiguration dev-tumor-")
    # The rollback alarms watch the new fleet, by its configuration (trap 8).
    assert Counter(planned) == Counter(
        [
            ("create", new),
            ("update", ENDPOINT),
            ("update", ROLLBACK_5XX),
            ("update", ROLLBACK_LATENCY),
            ("delete", old),
        ]
    )
    assert Counter(changed(shell.json("sandbox", "up", "dev"))) == Counter(planned)
    after = endpoint(shell)
    assert after["EndpointConfigName"] != before["EndpointConfigName"]
    assert after["configs"] == [after["EndpointConfigName"]]  # the old one went, after the endpoint had left it
    # Scaling decides how many there are: an update does not reset it (trap 4).
    assert after["ProductionVariants"][0]["DesiredInstanceCount"] == 1

    edit(shell, "models/tumor/model.yaml", "ml.m5.large", "ml.m5.xlarge")
    told = shell.ok("sandbox", "preview", "dev").stdout
    _, _, phases = told.partition(
        "In two phases: deleted first, in this order, and made again when the rest has changed:"
    )
    assert [line.split()[0] for line in phases.splitlines()[1:4]] == [
        "dev-tumor-AllTraffic",
        "dev-tumor-AllTraffic",
        "dev-tumor-fleet-scaling-is-registered-for",
    ]
    made = changed(shell.json("sandbox", "up", "dev"))
    replaced = [name for op, name in made if op == "replace"]
    assert Counter(replaced) == Counter(
        [
            "Stash dev-tumor-fleet-scaling-is-registered-for",
            "Target dev-tumor-AllTraffic",
            "Policy dev-tumor-AllTraffic",
        ]
    )
    # Registered again only after the endpoint moved; that it was deregistered before is the local AWS's own rule:
    # it refuses the update otherwise, as SageMaker does (trap 5).
    assert made.index(("update", ENDPOINT)) < made.index(("replace", "Target dev-tumor-AllTraffic"))

    edit(shell, "models/tumor/package.yaml", "version: 1.0.0", "version: 1.1.0")
    digest = shell.json("package", str(shell.project / "models/tumor"))["digest"]
    pins = shell.project / "environments" / "dev.yaml"
    pins.write_text(re.sub(r"sha256:[0-9a-f]{64}", digest, pins.read_text()))
    made = changed(shell.json("sandbox", "up", "dev"))
    moved = made.index(("update", ENDPOINT))
    models = [(op, made.index((op, name)) < moved) for op, name in made if name.startswith("Model ")]
    assert models == [("create", True), ("delete", False)]
    assert shell.json("sandbox", "invoke", "dev", "tumor")["predictions"]

    assert set(shell.json("sandbox", "up", "dev")["changeSummary"]) == {"same"}


def test_a_release_named_previous_stays_deployed_to_go_back_to(greenroom_project: Shell) -> None:
    shell = greenroom_project
    shell.ok("sandbox", "up", "dev")
    pins = shell.project / "environments" / "dev.yaml"
    old = re.search(r"sha256:[0-9a-f]{64}", pins.read_text())
    assert old is not None
    edit(shell, "models/tumor/package.yaml", "version: 1.0.0", "version: 1.1.0")
    new = shell.json("package", str(shell.project / "models/tumor"))["digest"]
    first = endpoint(shell)["EndpointConfigName"]

    edit(shell, "environments/dev.yaml", f"tumor: {old[0]}", f"tumor: {{digest: {new}, previous: [{old[0]}]}}")
    shell.ok("sandbox", "up", "dev")
    live = endpoint(shell)
    assert live["EndpointConfigName"] != first
    assert set(live["configs"]) == {first, live["EndpointConfigName"]}

    edit(shell, "environments/dev.yaml", f"digest: {new}, previous: [{old[0]}]", f"digest: {old[0]}, previous: [{new}]")
    back = changed(shell.json("sandbox", "up", "dev"))
    assert ("update", ENDPOINT) in back
    assert not [step for step in back if step[0] in {"create", "delete"} and step[1].startswith("Endpoint")]
    assert endpoint(shell)["EndpointConfigName"] == first


def test_refresh_finds_an_alarm_that_somebody_deleted_and_up_makes_it_again(greenroom_project: Shell) -> None:
    shell = greenroom_project
    shell.ok("sandbox", "up", "dev")
    gone = "dev-tumor-AllTraffic-rollback-5xx"
    everything = alarms(shell)

    assert alarms(shell, delete=gone) == everything - {gone}
    assert changed(shell.json("sandbox", "refresh", "dev")) == [("delete", ROLLBACK_5XX)]
    assert changed(shell.json("sandbox", "up", "dev")) == [("create", ROLLBACK_5XX)]
    assert alarms(shell) == everything

    alarms(shell, delete=gone)
    shell.ok("sandbox", "up", "dev", "--refresh")
    assert alarms(shell) == everything


def test_the_groups_of_an_environment_are_stacks_of_their_own(greenroom_project: Shell) -> None:
    shell = greenroom_project
    edit(shell, "environments/dev.yaml", "# What runs here", "groups:\n  oncology: [tumor]\n\n# What runs here")
    answer = shell.json("sandbox", "up", "dev.oncology")
    assert (answer["stack"], answer["result"]) == ("dev.oncology", "succeeded")
    assert endpoint(shell)["EndpointStatus"] == "InService"
    assert [name for _, name in changed(shell.json("sandbox", "preview", "dev")) if name.startswith("Endpoint")] == []
    unknown = shell.run("sandbox", "up", "dev.oncolgy")
    assert unknown.exit_code == 2
    assert "dev.oncology" in unknown.stderr


def test_the_export_holds_every_resource_once_and_no_pending_operation(greenroom_project: Shell) -> None:
    greenroom_project.ok("sandbox", "up", "dev")
    export = json.loads(greenroom_project.ok("sandbox", "export", "dev").stdout)
    resources = export["deployment"]["resources"]
    assert export["version"] == 3
    assert len({resource["urn"] for resource in resources}) == len(resources)
    assert not export["deployment"].get("pending_operations")
