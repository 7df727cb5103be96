"""A language host for `pulumi` that has Python running already.

The CLI's own host starts half a dozen interpreters for every command (`pip list` among them), which is most of a small
program's time. This one answers the same protocol and runs the same executor script, in a process forked from one that
has imported the SDK. The CLI attaches to it by PULUMI_DEBUG_LANGUAGES.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/language.proto
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

_ZYGOTE = """
import json, os, runpy, sys
import asyncio, grpc, pulumi, pulumi.runtime, pulumi.runtime.stack

for line in sys.stdin:
    task = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            quiet = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(quiet, descriptor)
            os.environ.update(task["environment"])
            os.chdir(task["folder"])
            sys.argv = task["arguments"]
            runpy.run_path(sys.argv[0], run_name="__main__")
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
        finally:
            os._exit(code)
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
_TOLD_THE_USER = 32
"""The executor's exit code for "the user has seen an error": the deployment fails without another one."""


class WarmLanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The language host of one CLI at a time. The method names are the protocol's."""

    def __init__(self) -> None:
        self._engine_address = ""
        self._program_id: int | None = None
        executor = shutil.which("pulumi-language-python-exec")
        if executor is None:
            raise FileNotFoundError("pulumi-language-python-exec, which comes with `pulumi`, is not on PATH")
        self._executor = executor
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ZYGOTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        """Ends the process that programs are forked from."""
        self._process.communicate()

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="3.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """The installed SDKs. Where there is none, the engine takes default versions from the state instead.

        https://github.com/pulumi/pulumi/blob/master/pkg/engine/plugins.go (`computeDefaultProviderPackages`)
        """
        names = [item.name for item in metadata.distributions() if item.name.replace("-", "_").startswith("pulumi_")]
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(
                    name=name[len("pulumi_") :].replace("_", "-"), kind="resource", version=metadata.version(name)
                )
                for name in sorted(set(names))
            ]
        )

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable)

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        """Runs the program; as the CLI's own host words the executor's arguments."""
        context.add_callback(self._kill)
        told = {
            "monitor": request.monitor_address,
            "engine": self._engine_address,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        arguments = [word for key, value in told.items() if value for word in ("--" + key, value)]
        task = {
            "environment": {
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
            "folder": str(Path(request.info.program_directory)),
            "arguments": [self._executor, *arguments, request.info.entry_point],
        }
        code = self._ask(task)
        if code == _TOLD_THE_USER:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error="" if code == 0 else f"the program exited with {code}")

    def _ask(self, task: dict[str, Any]) -> int:
        if self._process.stdin is None or self._process.stdout is None:
            raise BrokenPipeError("the language host is closed")
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        self._program_id = int(self._process.stdout.readline())
        code = int(self._process.stdout.readline())
        self._program_id = None
        return code

    def _kill(self) -> None:
        """Ends a program that the CLI waits for no more: it hangs on a deployment that has failed."""
        if self._program_id is not None:
            os.kill(self._program_id, signal.SIGKILL)


@contextmanager
def warm_language_host() -> Iterator[int]:
    """A language host on a free port."""
    host = WarmLanguageHost()
    server = grpc.server(ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None)
        host.close()
