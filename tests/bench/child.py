"""What is measured, each in a process of its own: `python -m tests.bench.child sdk|preview|up|destroy|cloud …`.

`sdk` runs the stack's program with the Pulumi SDK alone (`set_mocks`): the floor that any engine stands on; `sdk-no-gc`
without Python's cyclic garbage collector. `preview`, `up` and `destroy` run it with the sandbox's engine against a local
AWS at a given URL, `preview-model` for one model of the environment; `in-process` has both in one process. `cloud` is that local AWS, without the models'
containers: a hundred serving processes would measure the machine, not the engine.
"""

from __future__ import annotations

import asyncio
import gc
import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any

STACK = "dev"


def sdk(project: str) -> None:
    """The stack's program against the SDK's own mocks, as a preview; prints how many resources it registers."""
    import pulumi
    from pulumi.runtime.stack import run_pulumi_func

    registered: list[str] = []

    class Mocks(pulumi.runtime.Mocks):
        """Every resource is what it was asked to be, with an ARN."""

        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
            registered.append(args.typ)
            arn = f"arn:aws:mock:us-east-1:111122223333:{args.name}"
            computed = {"arn": arn, "output": args.inputs.get("input"), "endpointArn": arn, "keyId": args.name}
            return f"{args.name}-id", {**computed, **args.inputs}

        def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], None]:
            return dict(args.args), None

    folder = Path(project)
    program = (folder / "stacks" if (folder / "stacks").is_dir() else folder) / "__main__.py"

    def declare() -> None:
        runpy.run_path(str(program), run_name="__main__")

    async def run() -> None:
        pulumi.runtime.set_mocks(Mocks(), project="greenroom", stack=STACK, preview=True)
        await run_pulumi_func(declare)

    asyncio.run(run())
    print(json.dumps({"resources": len(registered)}))


def sandbox(operation: str, project: str, url: str) -> None:
    """`preview`, `up` or `destroy` of the stack; prints what it did."""
    from greenroom.sandbox import Sandbox

    sandbox = Sandbox(project, cloud_url=url, home_folder=Path(project) / ".greenroom")
    if (Path(project) / "environments").is_dir():
        from greenroom.delivery.project import GreenroomProject

        account_id = GreenroomProject.load(Path(project)).account_of(STACK)
    else:
        account_id = sandbox.account_id
    result = getattr(sandbox, operation)(STACK, account_id=account_id)
    if not result.succeeded:
        raise SystemExit("\n".join(item.message for item in result.diagnostics))
    _tell(result)


def in_process(project: str) -> None:
    """First `up`, no-op `up` and `destroy` with the local AWS in this process; prints the seconds of each."""
    from greenroom.sandbox import Sandbox
    from greenroom.sandbox.cloud import in_process_cloud

    taken: dict[str, tuple[float, float]] = {}
    home = Path(project) / ".in-process"
    with in_process_cloud(home, load_models=False) as address:
        sandbox = Sandbox(project, cloud_url=address.url, home_folder=home)
        for what, operation in (("up, first", "up"), ("up, no-op", "up"), ("destroy", "destroy")):
            started, cpu_started = time.perf_counter(), time.process_time()
            result = getattr(sandbox, operation)(STACK)
            if not result.succeeded:
                raise SystemExit("\n".join(item.message for item in result.diagnostics))
            taken[what] = (time.perf_counter() - started, time.process_time() - cpu_started)
    print(json.dumps({"resources": sum(result.changes.values()), "taken": taken}))


def one_model(project: str, url: str, model: str) -> None:
    """A preview of one model of the environment."""
    from contextlib import contextmanager

    from greenroom.delivery.project import GreenroomProject
    from greenroom.delivery.rehearsal import Rehearsal
    from greenroom.sandbox import Sandbox

    @contextmanager
    def unseen(_verb: str, _stack: str) -> Any:
        yield lambda _event: None

    loaded = GreenroomProject.load(Path(project), (model,))
    done = Rehearsal(loaded, Sandbox(project, cloud_url=url), lambda _text: None, unseen, (model,)).preview(STACK)
    if not done.result.succeeded:
        raise SystemExit("\n".join(item.message for item in done.result.diagnostics))
    _tell(done.result)


def _tell(result: Any) -> None:
    print(json.dumps({"resources": sum(result.changes.values()), "changes": dict(result.changes)}))


def artifacts(project: str, url: str) -> None:
    """What `up` needs first: the artifact store and the releases."""
    from contextlib import contextmanager

    from greenroom.delivery.project import ARTIFACTS_STACK, GreenroomProject
    from greenroom.delivery.rehearsal import Rehearsal
    from greenroom.delivery.releases import ensure_pinned
    from greenroom.sandbox import Sandbox

    @contextmanager
    def unseen(_verb: str, _stack: str) -> Any:
        yield lambda _event: None

    loaded = GreenroomProject.load(Path(project))
    rehearsal = Rehearsal(loaded, Sandbox(project, cloud_url=url), lambda _text: None, unseen)
    (done,) = rehearsal.up(ARTIFACTS_STACK)
    if not done.result.succeeded:
        raise SystemExit("\n".join(item.message for item in done.result.diagnostics))
    rehearsal.publish(ensure_pinned(loaded, STACK, lambda _text: None, lambda: None))


def cloud(folder: str) -> None:
    """A local AWS without containers, until its stdin is closed; prints its URL."""
    from greenroom.sandbox.cloud import in_process_cloud

    with in_process_cloud(Path(folder), load_models=False) as address:
        print(address.url, flush=True)
        sys.stdin.read()


def main(arguments: list[str]) -> None:
    """Run what was asked for."""
    match arguments:
        case ["sdk", project]:
            sdk(project)
        case ["sdk-no-gc", project]:
            gc.disable()
            sdk(project)
        case ["preview" | "up" | "destroy" as operation, project, url]:
            sandbox(operation, project, url)
        case ["in-process", project]:
            in_process(project)
        case ["preview-model", project, url, model]:
            one_model(project, url, model)
        case ["artifacts", project, url]:
            artifacts(project, url)
        case ["cloud", folder]:
            cloud(folder)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
