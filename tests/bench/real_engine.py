"""The real engine's rows: the same program, the same provider by gRPC, a state file of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Measured, measure

SERVE = """
import sys
from greenroom.sandbox.provider import CloudEndpoint
from greenroom.sandbox.provider.server import serve
served = serve(CloudEndpoint(url=sys.argv[1], accounts=None, default_account="123456789012"))
print(served.debug_providers, flush=True)
sys.stdin.read()
served.stop()
"""


def real_engine(project: Path, url: str, home: Path) -> Iterator[tuple[str, Measured]]:
    """Preview, first up and no-op up by the `pulumi` on PATH, with its file backend."""
    (home / "state").mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        environment = {
            **os.environ,
            "PULUMI_DEBUG_PROVIDERS": server.stdout.readline().strip(),
            "PULUMI_BACKEND_URL": f"file://{home}/state",
            "PULUMI_HOME": str(home),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        at = ["pulumi", "--cwd", str(project), "--non-interactive"]
        measure([*at, "stack", "init", "dev"], environment=environment)
        for what, arguments in (
            ("preview", ["preview"]),
            ("up, first", ["up", "--yes", "--skip-preview"]),
            ("up, no-op", ["up", "--yes", "--skip-preview"]),
        ):
            yield what, measure([*at, *arguments, "--stack", "dev"], environment=environment)
        server.stdin.close()
        server.wait(60)
