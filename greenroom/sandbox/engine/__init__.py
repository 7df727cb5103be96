"""greenroom.sandbox.engine."""
