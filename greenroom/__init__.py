"""greenroom."""
