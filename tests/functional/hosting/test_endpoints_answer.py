"""Endpoints are processes that answer: real starts, real requests, real ends."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from greenroom.sandbox.cloud.hosting import (
    EndpointHost,
    EndpointNotHostedError,
    HostedVariant,
    NoTrafficError,
    UnknownVariantError,
)
from model_packaging.serving import ContainerSpec, ContainerStartError, VariantContainer

pytestmark = pytest.mark.slow

ECHO = """
    import os
    def model_fn(model_dir): return "NAME"
    def transform_fn(model, body, content_type, accept):
        if body == b"crash": os._exit(1)
        if body == b"pid": return str(os.getpid()), "text/plain"
        return f"{model}:{body.decode()}", "text/plain"
"""


class Fixed:
    """A generator that always falls on the same point."""

    number = 0.0

    def random(self) -> float:
        return self.number


@pytest.fixture
def host(tmp_path) -> Iterator[EndpointHost]:
    host = EndpointHost(tmp_path / "work", rng=Fixed(), resident_containers=2)
    yield host
    host.stop_all()


@pytest.fixture
def container_of(tmp_path):
    def write(name: str, code: str = ECHO, requirements: str | None = None, **environment: str) -> ContainerSpec:
        folder = tmp_path / "models" / name
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "inference.py").write_text(textwrap.dedent(code).replace("NAME", name))
        if requirements is not None:
            (folder / "code" / "requirements.txt").write_text(requirements)
        settings = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
        return ContainerSpec(name, "image:1", settings | environment, folder)

    return write


def pid_of(host: EndpointHost, endpoint_name: str) -> int:
    return int(host.invoke(endpoint_name, b"pid", "text/plain").body)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_a_variant_is_chosen_by_weight_or_by_name(host, container_of):
    blue, green = container_of("blue"), container_of("green")
    host.start("dev-tumor", [HostedVariant("Blue", 0, blue), HostedVariant("Green", 1, green)])

    def ask(target: str | None = None) -> tuple[str, bytes, int]:
        answer = host.invoke("dev-tumor", b"hi", "text/plain", target_variant=target)
        assert answer.model_latency_us > 0
        assert answer.overhead_us >= 0
        return answer.variant, answer.body, answer.status

    assert ask() == ("Green", b"green:hi", 200)
    assert ask("Blue") == ("Blue", b"blue:hi", 200)
    host.update_weights("dev-tumor", {"Blue": 1, "Green": 0})
    assert ask() == ("Blue", b"blue:hi", 200)

    with pytest.raises(UnknownVariantError, match="has no variant 'Red'; it has: Blue, Green"):
        ask("Red")
    with pytest.raises(UnknownVariantError):
        host.update_weights("dev-tumor", {"Blue": 0, "Red": 1})
    host.update_weights("dev-tumor", {"Blue": 0})
    with pytest.raises(NoTrafficError, match="every variant of endpoint 'dev-tumor' has weight 0"):
        ask()


def test_an_endpoint_that_is_not_served_is_told(host, container_of):
    with pytest.raises(EndpointNotHostedError, match="endpoint 'dev-tumor' is not being served; served: none"):
        host.invoke("dev-tumor", b"", "text/plain")
    host.start("dev-tumor", [HostedVariant("AllTraffic", 1, container_of("one"))])
    pid = pid_of(host, "dev-tumor")
    host.stop("dev-tumor")
    assert not host.is_hosted("dev-tumor")
    assert wait_until_gone(pid)


def test_a_new_release_takes_over_without_a_failed_request(host, container_of):
    host.start("dev-tumor", [HostedVariant("AllTraffic", 1, container_of("one"))])
    old = pid_of(host, "dev-tumor")
    with ThreadPoolExecutor(max_workers=2) as threads:
        taking_over = threads.submit(host.start, "dev-tumor", [HostedVariant("AllTraffic", 1, container_of("two"))])
        answers = []
        while not taking_over.done():
            answers.append(host.invoke("dev-tumor", b"x", "text/plain"))
        taking_over.result()
    answers.append(host.invoke("dev-tumor", b"x", "text/plain"))
    assert {answer.status for answer in answers} == {200}
    assert answers[-1].body == b"two:x"
    assert wait_until_gone(old)


def test_a_release_that_does_not_start_leaves_the_endpoint_as_it_was(host, container_of):
    host.start("dev-tumor", [HostedVariant("AllTraffic", 1, container_of("good"))])
    broken = container_of("broken", "raise RuntimeError('the weights are gone')")
    with pytest.raises(ContainerStartError) as caught:
        host.start("dev-tumor", [HostedVariant("AllTraffic", 1, broken)])
    message = str(caught.value)
    log = host.log_paths("dev-tumor")["AllTraffic"]
    start = f"the container of model 'broken' did not start: it ended with exit status 3 (log: {log})\n"
    assert message.startswith(start)
    assert "RuntimeError: the weights are gone" in message
    assert host.invoke("dev-tumor", b"x", "text/plain").body == b"good:x"


def test_a_requirement_that_is_not_installed_is_told_with_the_command_that_brings_it(host, container_of):
    spec = container_of("needy", requirements="PyYAML\nno-such-package-here>=2\n")
    with pytest.raises(ContainerStartError, match=r"-m pip install 'no-such-package-here>=2'"):
        host.start("dev-tumor", [HostedVariant("AllTraffic", 1, spec)])


def test_a_model_that_takes_too_long_is_ended(host, container_of):
    spec = container_of("slow", "import time\ndef model_fn(model_dir): time.sleep(60)")
    began = time.monotonic()
    with pytest.raises(ContainerStartError, match="GET /ping did not answer 200 in time"):
        host.start("dev-tumor", [HostedVariant("AllTraffic", 1, spec, startup_timeout_seconds=0.5)])
    assert time.monotonic() - began < 20
    assert not host.is_hosted("dev-tumor")


def test_a_container_that_crashes_answers_503_and_is_started_again(host, container_of):
    host.start("dev-tumor", [HostedVariant("AllTraffic", 1, container_of("one"))])
    crashed = host.invoke("dev-tumor", b"crash", "text/plain")
    assert (crashed.status, b"the container broke off" in crashed.body) == (503, True)
    assert host.invoke("dev-tumor", b"x", "text/plain").body == b"one:x"


def test_containers_that_nobody_calls_sleep_and_wake(host, container_of):
    pids = {}
    for name in ("one", "two", "three"):
        host.start(name, [HostedVariant("AllTraffic", 1, container_of(name))])
        pids[name] = pid_of(host, name)
    assert [wait_until_gone(pids["one"]), is_running(pids["two"]), is_running(pids["three"])] == [True, True, True]
    assert host.invoke("one", b"x", "text/plain").body == b"one:x"
    assert wait_until_gone(pids["two"])


def test_many_callers_are_all_answered(host, container_of):
    host.start("dev-tumor", [HostedVariant("AllTraffic", 1, container_of("one"))])
    with ThreadPoolExecutor(max_workers=8) as threads:
        bodies = list(threads.map(lambda n: host.invoke("dev-tumor", str(n).encode(), "text/plain").body, range(64)))
    assert bodies == [f"one:{n}".encode() for n in range(64)]


def test_no_credential_of_ours_is_in_a_container(host, container_of, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    code = """
        import json, os
        def model_fn(model_dir): return model_dir
        def transform_fn(model, body, content_type, accept): return json.dumps(sorted(os.environ)), "application/json"
    """
    host.start("dev-tumor", [HostedVariant("AllTraffic", 1, container_of("nosy", code))])
    assert b"AWS" not in host.invoke("dev-tumor", b"", "text/plain").body


def test_a_container_speaks_the_contract_and_keeps_a_log(tmp_path, container_of):
    container = VariantContainer.start(container_of("one"), tmp_path / "work")
    try:
        assert (container.ping(), container.is_alive) == (True, True)
        assert container.invoke(b"x", "text/plain", "*/*").body == b"one:x"
        log = container.log_path.read_text()
        assert "the model is loaded" in log
        assert "POST /invocations 200 1 B in, 5 B out" in log
    finally:
        container.stop()
    assert (container.ping(), container.is_alive) == (False, False)
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["container.log"]


def test_no_container_outlives_its_server(tmp_path, container_of):
    spec = container_of("one")
    program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from model_packaging.serving import ContainerSpec, VariantContainer
        spec = ContainerSpec("one", "image:1", {dict(spec.environment)!r}, Path({str(spec.model_data)!r}))
        print(VariantContainer.start(spec, Path({str(tmp_path / "work")!r})).process.pid, flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert is_running(pid)
        server.kill()  # SIGKILL: it cannot say goodbye
    assert wait_until_gone(pid)


def test_a_containers_process_loads_no_aws_and_no_pulumi():
    program = "import sys, model_packaging.serving.server; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"moto", "boto3", "botocore", "flask", "pulumi", "numpy", "pydantic"} & set(loaded) == set()
