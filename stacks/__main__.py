"""What Pulumi runs: the stack's name picks what is deployed, the specs say the rest."""

import gc
from pathlib import Path

import pulumi

# The SDK's objects live as long as the program does. Python's cyclic garbage collector would walk them all again and
# again, which at a hundred models is half of the program's time. The process ends when the program does; the sandbox's
# engine, which runs the program in its own, puts these settings back.
gc.freeze()
gc.set_threshold(100_000, 50, 1000)

from stacks.program import deploy_stack  # noqa: E402  # its imports are the first of what lives as long

deploy_stack(pulumi.get_stack(), root=Path(__file__).resolve().parent.parent)
