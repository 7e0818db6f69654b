"""The workloads by name. Each is a function of the plan, a folder of its own and `tell`, and gives figures."""

from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure, Plan
from bench.workloads import commits, hall, idle, pages, rooms, search, stalled, storm, transcript, workers

Tell = Callable[[str], None]
Workload = Callable[[Plan, Path, Tell], list[Figure]]

ALL: dict[str, tuple[Workload, str]] = {
    "rooms": (rooms.measure, "250 rooms of 4: highest rate on SQLite and PostgreSQL, latency at 1,000/s"),
    "hall": (hall.measure, "one room of 500: deliveries"),
    "idle": (idle.measure, "memory of 2,000 and 5,000 idle connections"),
    "storm": (storm.measure, "1,000 return at once with 50 missed lines each"),
    "stalled": (stalled.measure, "200 sockets that never read beside those who talk"),
    "commits": (commits.measure, "group commit against one transaction per line"),
    "workers": (workers.measure, "two workers on PostgreSQL and Redis against one"),
    "transcript": (transcript.measure, "pages of a transcript of 100,000 lines"),
    "search": (search.measure, "words in a transcript of 100,000 lines among 5 million"),
    "pages": (pages.measure, "home, case and room with 200 open cases"),
}
