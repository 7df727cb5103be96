"""The real Pulumi engine with our providers, on a program with two accounts and both packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom.sandbox.provider import CloudEndpoint
from greenroom.sandbox.provider.server import serve
from tests.functional.provider.aws_stage import AwsStage

pytestmark = [
    pytest.mark.real_engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="needs the Pulumi CLI on PATH"),
]

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws
import pulumi_aws_native as native

config = pulumi.Config()
dev = aws.Provider("dev", region="us-east-1", allowed_account_ids=["111122223333"], default_tags={"tags": {"env": "dev"}})
other = aws.Provider("other", region="eu-west-1", allowed_account_ids=["444455556666"])
native_dev = native.Provider("native", region="us-east-1", allowed_account_ids=["111122223333"])
in_dev = pulumi.ResourceOptions(provider=dev)
document = aws.iam.get_policy_document(
    statements=[{"actions": ["sts:AssumeRole"], "principals": [{"type": "Service", "identifiers": ["sagemaker.amazonaws.com"]}]}],
    opts=pulumi.InvokeOptions(provider=dev),
)
role = aws.iam.Role("execution", assume_role_policy=document.json, opts=in_dev)
model = aws.sagemaker.Model(
    "tumor",
    execution_role_arn=role.arn,
    primary_container={"image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.5-cpu-py311"},
    opts=in_dev,
)
endpoint_config = aws.sagemaker.EndpointConfiguration(
    "tumor",
    production_variants=[{
        "variant_name": "main",
        "model_name": model.name,
        "instance_type": config.get("instanceType") or "ml.m6i.large",
        "initial_instance_count": 1,
    }],
    opts=in_dev,
)
endpoint = native.sagemaker.Endpoint(
    "tumor",
    endpoint_name="dev-tumor",
    endpoint_config_name=endpoint_config.name,
    retain_all_variant_properties=True,
    opts=pulumi.ResourceOptions(provider=native_dev),
)
topic = aws.sns.Topic("alarms", name="alarms", opts=pulumi.ResourceOptions(provider=other))
pulumi.export("endpoint", endpoint.endpoint_arn)
pulumi.export("topic", topic.arn)
"""


class Pulumi:
    def __init__(self, folder: Path, providers: str) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        runtime = {"name": "python", "options": {"virtualenv": str(Path(sys.prefix))}}
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": "rehearsal", "runtime": runtime}))
        (folder / "__main__.py").write_text(PROGRAM)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def __call__(self, *command: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout

    def steps(self, *command: str) -> dict[str, str]:
        planned = json.loads(self("preview", "--json", *command))
        return {step["urn"].split("::")[2]: step["op"] for step in planned["steps"] if step["op"] != "same"}


@pytest.fixture
def pulumi(stage: AwsStage, tmp_path: Path) -> Iterator[Pulumi]:
    providers = serve(CloudEndpoint(stage.url, None, "123456789012"))
    yield Pulumi(tmp_path, providers.debug_providers)
    providers.stop()


def test_the_real_engine_makes_changes_refreshes_and_destroys(pulumi: Pulumi) -> None:
    pulumi("stack", "init", "dev")
    pulumi("up", "--yes")
    outputs: dict[str, Any] = json.loads(pulumi("stack", "output", "--json"))
    assert outputs == {
        "endpoint": "arn:aws:sagemaker:us-east-1:111122223333:endpoint/dev-tumor",
        "topic": "arn:aws:sns:eu-west-1:444455556666:alarms",
    }
    pulumi("preview", "--expect-no-changes")
    pulumi("refresh", "--yes", "--expect-no-changes")
    pulumi("config", "set", "instanceType", "ml.c7i.xlarge")
    assert pulumi.steps() == {
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration": "replace",
        "aws-native:sagemaker:Endpoint": "update",
    }
    pulumi("up", "--yes")
    pulumi("destroy", "--yes")


def test_the_real_engine_shows_what_is_refused_at_its_property(pulumi: Pulumi) -> None:
    pulumi("stack", "init", "dev")
    pulumi("config", "set", "instanceType", "ml.m6i.larg")
    told = pulumi("preview", succeeds=False)
    assert "productionVariants[0].instanceType" in told
    assert "'ml.m6i.larg' is not allowed; allowed: ml.m6i.large" in told
