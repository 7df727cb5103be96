"""greenroom.sandbox.cloud."""
