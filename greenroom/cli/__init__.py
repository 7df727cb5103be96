"""greenroom.cli."""
def main() -> None:
    """Entry point."""
