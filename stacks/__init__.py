"""The Pulumi program: a stack is the artifact store, an environment, or a group of one."""
