"""The program's entry, `titans-edge` or `python -m titans_edge`: first of all the current folder leaves the path."""

from titans_edge import safe_python


def main() -> None:
    """Run the command line. A file of the user's folder called like a module (`random.py`) is never imported."""
    safe_python.leave_current_folder()
    from titans_edge.cli.main import run

    run()


if __name__ == "__main__":
    main()
