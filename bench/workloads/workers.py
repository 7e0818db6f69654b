"""Two workers on PostgreSQL and Redis, each on a core, half of every room's members on each, against one worker."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from bench import children, city, machine
from bench.figures import Figure, Plan, Rates
from bench.search import highest_rate
from tests import servers


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    rooms = plan.pick(250, 250, 5)
    rates = Rates()
    with contextlib.ExitStack() as stack:
        with machine.pinned(machine.SERVER_CORE):
            postgres = stack.enter_context(servers.postgres(durable=True))
            redis = stack.enter_context(servers.redis())
        database = stack.enter_context(city.database_of(postgres))
        people = city.built(folder, rooms=rooms, size=4, database=database)
        given = {"database": database, "redis": redis}

        def search(name: str, load: children.Load) -> None:
            start = plan.pick(3000, 3000, 50)
            rates.add(name, highest_rate(load, start, plan.seconds, lambda what: tell(f"{name} {what}"), plan.steps))

        # First what is asked at a calm rate: after a search for the highest the database still tidies up.
        with (
            children.service(folder, **given) as one,
            children.service(folder, core=machine.LOAD_CORE, **given) as other,
        ):
            tell("two workers: connecting")
            members = [{**member, "port": (one, other)[place % 2].port} for place, member in enumerate(people.members)]
            with children.opened(one, members) as load:
                load.run(plan.pick(500, 500, 50), plan.seconds)
                calm = load.run(plan.pick(1000, 1000, 50), plan.seconds * 2)
                search("two", load)
        with children.service(folder, **given) as one:
            tell("one worker: connecting")
            with children.opened(one, people.members) as load:
                search("one", load)
    correct = "every line reached everybody once, in order" if calm["complete"] else f"NOT COMPLETE: {calm}"
    return [
        Figure(
            "two workers at 1,000/s: a line reaches everybody, p99",
            f"{calm['lag_p99']:.1f} ms",
            "–",
            calm["lag_p99"] if calm["complete"] else 9999.0,
            "ms",
            50,
            20,
            at_least=False,
            note=correct,
        ),
        rates.figure(
            "two workers against one, highest rate",
            "two",
            "one",
            None,
            1.0,
            note="two cores in all: the second worker shares its core with the load generator",
        ),
    ]
