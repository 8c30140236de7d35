"""What a server tells its operator: counters for Prometheus, and one line of JSON for each request.

Never a message, a stored sentence, a query string or a key: only routes, names of memories, figures and kinds of error.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from typing import Any

log = logging.getLogger("titans_edge.server")

BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)  # seconds
HELP = {
    "titans_edge_requests_total": ("counter", "Requests by route and status."),
    "titans_edge_tokens_total": ("counter", "Tokens of prompts and of replies."),
    "titans_edge_learned_spans_total": ("counter", "Spans learnt."),
    "titans_edge_memory_notices_total": ("counter", "Replies in which the memory had something to report."),
    "titans_edge_cancelled_total": ("counter", "Requests whose client left before the end."),
    "titans_edge_memory_restarts": ("gauge", "How often the memory process was started again."),
    "titans_edge_waiting": ("gauge", "Requests that wait for a lane."),
    "titans_edge_request_seconds": ("histogram", "Seconds from a request to the end of its answer, by route."),
    "titans_edge_first_token_seconds": ("histogram", "Seconds from the start of the work to the first token."),
}
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters, gauges and histograms of the names in HELP. Safe between threads."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, Labels], float] = {}
        self._lock = threading.Lock()

    def add(self, name: str, **labels: str) -> None:
        """Count one."""
        self.add_many(name, 1, **labels)

    def add_many(self, name: str, by: float, /, **labels: str) -> None:
        """Count some."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + by

    def set(self, name: str, value: float, **labels: str) -> None:
        """A gauge's value."""
        with self._lock:
            self._values[(name, tuple(sorted(labels.items())))] = value

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """One value of a histogram."""
        for bucket in (*(b for b in BUCKETS if seconds <= b), float("inf")):
            self.add(f"{name}_bucket", **{"le": f"{bucket:g}".replace("inf", "+Inf"), **labels})
        self.add_many(f"{name}_sum", seconds, **labels)
        self.add(f"{name}_count", **labels)

    def text(self) -> str:
        """In Prometheus' text format."""
        with self._lock:
            values = sorted(self._values.items(), key=_place)
        lines = []
        for name, (kind, help_) in HELP.items():
            mine = [v for v in values if v[0][0] == name or (kind == "histogram" and v[0][0].startswith(f"{name}_"))]
            lines += [f"# HELP {name} {help_}", f"# TYPE {name} {kind}"]
            lines += [f"{series}{_braced(labels)} {value:.10g}" for (series, labels), value in mine]
        return "\n".join(lines) + "\n"


def say(event: str, **fields: Any) -> None:
    """One line of the log."""
    log.info(json.dumps({"time": round(time.time(), 3), "event": event, **fields}))


def say_error(e: BaseException, **fields: Any) -> None:
    """An error that is no refusal: its kind and where it came from, not what it says."""
    frames = traceback.extract_tb(e.__traceback__)[-5:]
    at = [f"{f.filename.rpartition('titans_edge')[2] or f.filename}:{f.lineno}" for f in frames]
    log.error(
        json.dumps({"time": round(time.time(), 3), "event": "error", "kind": type(e).__name__, "at": at, **fields})
    )


def _place(value: tuple[tuple[str, Labels], float]) -> tuple[str, Labels, float]:
    """Buckets of one histogram in a row, the smaller ones first."""
    (name, labels), _ = value
    return name, tuple(x for x in labels if x[0] != "le"), float(dict(labels).get("le", 0))


def _braced(labels: Labels) -> str:
    inside = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels)
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
