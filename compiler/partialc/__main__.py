"""`python -m partialc`: the command line."""

from partialc.cli.main import main

if __name__ == "__main__":
    main()
