"""Starts Python so that the folder the user happens to be in is never searched for modules.

Knows `sys.path` and Python's options; knows nothing of what is started. Imports only what Python itself has loaded
before a program's first line (os, site, sys; no `__future__`): anything else might already be a file of that folder.
"""

import os
import site
import sys

PACKAGE = os.path.dirname(os.path.abspath(__file__))  # of the titans_edge that runs here

_RUN = """\
import site, sys
if {user_site}: site.addsitedir(site.getusersitepackages())
sys.path[:] = {path}
import runpy
{before}runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""
_THIS_PACKAGE = """\
import importlib.util
spec = importlib.util.spec_from_file_location("titans_edge", {init}, submodule_search_locations={places})
sys.modules["titans_edge"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["titans_edge"])
"""


def leave_current_folder() -> None:
    """Take the current folder off `sys.path`: for the first line of a program."""
    sys.path[:] = safe_path()


def safe_path() -> list[str]:
    """`sys.path` without relative entries and without the current folder.

    If titans_edge itself lies in the current folder, that comes last: it hides no module of Python's, none installed.
    """
    own = {os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()}
    here, home = _current_folder(), os.path.dirname(PACKAGE)
    kept = [p for p in sys.path if os.path.isabs(p) and (p in own or os.path.realpath(p) != here)]
    return kept if home in kept or os.path.realpath(home) != here else [*kept, home]


def _current_folder() -> str:
    try:
        return os.path.realpath(os.getcwd())
    except OSError:  # it was deleted: nothing can be found in it
        return ""


def module_command(module: str, *args: str) -> list[str]:
    """The command for `python -m MODULE ARGS` with `safe_path()`. A module of titans_edge is this very package's.

    Python is isolated (-I: neither PYTHONPATH nor the current folder is looked at while it starts) and then given the
    path of this process, so it finds what this process finds: in a checkout, an editable install or a wheel.
    """
    before = ""
    if module.partition(".")[0] == "titans_edge":
        before = _THIS_PACKAGE.format(init=ascii(os.path.join(PACKAGE, "__init__.py")), places=ascii([PACKAGE]))
    code = _RUN.format(user_site=bool(site.ENABLE_USER_SITE), path=ascii(safe_path()), before=before, module=module)
    return [sys.executable, "-I", *_flags(), "-c", code, *args]


def _flags() -> list[str]:
    """What -I would forget of how this process was started."""
    return [*(["-B"] if sys.flags.dont_write_bytecode else []), *(["-X", "utf8"] if sys.flags.utf8_mode else [])]
