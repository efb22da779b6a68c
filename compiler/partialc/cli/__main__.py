"""`python -m partialc.cli`."""

from partialc.cli.main import main

if __name__ == "__main__":
    main()
