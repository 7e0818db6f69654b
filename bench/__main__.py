"""`python -m bench [workload …]`: measure, print, and write docs/performance.md."""

import os
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import machine, report
from bench.figures import Figure, Plan, shown
from bench.workloads import ALL

console = Console()
_STYLES = {"aim": "green", "must": "yellow", "missed": "bold red", "no must": "dim"}


def main(
    workloads: Annotated[list[str] | None, typer.Argument(help="Which to run; all when none is named.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One short round of each, two or three minutes in all.")
    ] = False,
    tiny: Annotated[bool, typer.Option("--tiny", hidden=True)] = False,
    write: Annotated[bool | None, typer.Option(help="Write docs/performance.md; by default when all run.")] = None,
) -> None:
    names = workloads or list(ALL)
    if unknown := [name for name in names if name not in ALL]:
        raise typer.BadParameter(f"there is no {', '.join(unknown)}; there are {', '.join(ALL)}")
    load = machine.load_average()
    console.print(f"load average {load:.1f}, {os.cpu_count()} cores")
    if load > machine.QUIET:
        console.print("[yellow]The machine is busy with other work: read ratios, not rates.[/]")
    plan = Plan(quick=quick, tiny=tiny)
    figures: list[Figure] = []
    failed = []
    for name in names:
        try:
            found = _measured(plan, name)
        except (RuntimeError, OSError, subprocess.SubprocessError) as failure:
            console.print(f"[bold red]{name} failed:[/] {failure}", highlight=False)
            failed.append(name)
            continue
        _show(ALL[name][1], found)
        figures += found
    if figures and (not workloads if write is None else write):
        run = report.Run(f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}", load, quick, figures)
        console.print(f"written to {report.write(run)}")
    if failed:
        raise typer.Exit(1)


def _measured(plan: Plan, name: str) -> list[Figure]:
    measure, what = ALL[name]
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, transient=True, refresh_per_second=2) as bar,
        tempfile.TemporaryDirectory(prefix="odr-bench-") as folder,
    ):
        task = bar.add_task(what)
        return measure(plan, Path(folder), lambda told: bar.update(task, description=f"{what}: {told}"))


def _show(what: str, figures: list[Figure]) -> None:
    table = Table(title=what, title_justify="left", expand=True)
    for heading in ("figure", "ours", "floor", "compared", "must / aim", ""):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for one in figures:
        spread = f"\n{shown(one.spread[0], one.unit)} – {shown(one.spread[1], one.unit)}" if one.spread else ""
        style = _STYLES[one.verdict]
        compared = f"[{style}]{shown(one.value, one.unit)}[/]{spread}"
        table.add_row(one.what, one.ours, one.floor, compared, one.bounds, f"[{style}]{one.verdict}[/]")
    console.print(table)
    for one in figures:
        if one.note:
            console.print(f"  {one.what}: {one.note}", style="dim")


if __name__ == "__main__":
    cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    cli.command()(main)
    cli()
