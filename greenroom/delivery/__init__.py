"""What knows both our project and the sandbox: artifacts first, then releases, then the environment's stack.

- `project`: a Greenroom project's stacks, and what each needs
- `releases`: pinned releases into the local store, and from there into the artifact bucket
- `pins`: the pin of a release in an environment's file
- `rehearsal`: `up` and `destroy` of an environment in the sandbox, in order
"""
