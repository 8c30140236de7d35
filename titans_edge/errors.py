"""Every error a user can meet. Each class says what happened; `hint` says the next step to take.

TitansError
├── UsageError            the command was called with something that cannot work
│   └── UnknownReply      a reply by an id that is not known, or not any more
├── ModelError            a backbone file: missing, damaged, unsafe to use
│   └── DownloadError     it could not be fetched
├── GraftError            a graft file: damaged, or made for another backbone
├── MemoryStateError      a saved memory: damaged, locked, or written by another graft
├── SidecarError          the memory process
│   ├── SidecarDied       it ended, or its pipes broke
│   ├── SidecarSilent     it lives, but neither took a request nor answered in time
│   └── SidecarFailed     it answered with an error that is no TitansError
├── ContextOverflow       the text does not fit into the backbone's context
├── DocumentError         a document that cannot be read as text
└── DataError             training or evaluation data that is not as expected
"""

from __future__ import annotations


class TitansError(Exception):
    """Base of all errors shown to users. `hint` is the next step, printed after the message."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(TitansError):
    exit_code = 2


class UnknownReply(UsageError):
    pass


class ModelError(TitansError):
    exit_code = 3


class DownloadError(ModelError):
    exit_code = 4


class GraftError(TitansError):
    exit_code = 5


class MemoryStateError(TitansError):
    exit_code = 6


class SidecarError(TitansError):
    exit_code = 7


class SidecarDied(SidecarError):
    pass


class SidecarSilent(SidecarError):
    pass


class SidecarFailed(SidecarError):
    pass


class ContextOverflow(TitansError):
    exit_code = 8


class DocumentError(TitansError):
    exit_code = 9


class DataError(TitansError):
    exit_code = 10
