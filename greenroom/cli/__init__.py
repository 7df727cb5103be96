"""The command line.

`greenroom` is a tree of click commands whose modules are imported when they are named, and which themselves import
Pulumi, boto3, pydantic and rich only when they run: `greenroom --help` answers within the time Python needs to start.

Results go to stdout, everything else to stderr. Exit codes: 0 it worked, 1 the deployment failed, 2 bad input,
130 interrupted.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line: the entry point of the `greenroom` script."""
    from greenroom.cli.root import root

    root(prog_name="greenroom")
