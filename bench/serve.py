"""The service as `odr serve` runs it, on a core of its own. `--one-per-commit` takes the group out of group commit."""

import argparse

import uvicorn

from bench import machine
from odr.app import create_app
from odr.core.settings import Settings
from odr.live import serving
from odr.rooms import journal

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--core", type=int, default=machine.SERVER_CORE)
    parser.add_argument("--one-per-commit", action="store_true")
    given = parser.parse_args()
    machine.pin(given.core)
    if given.one_per_commit:
        journal._BATCH = 1
    settings = Settings()
    app = create_app(settings)
    serving.collect_seldom()
    uvicorn.Server(serving.config(app, settings)).run()
