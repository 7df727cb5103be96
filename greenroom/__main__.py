"""`python -m greenroom`: the command line, as the `greenroom` script runs it."""

from greenroom.cli import main

if __name__ == "__main__":
    main()
