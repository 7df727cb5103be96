"""What Pulumi runs: the stack's name picks what is deployed, the specs say the rest."""

from pathlib import Path

import pulumi

from stacks.program import deploy_stack

deploy_stack(pulumi.get_stack(), root=Path(__file__).resolve().parent.parent)
