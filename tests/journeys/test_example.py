"""The example tells the whole story to a real service, and what it leaves behind can be proven."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.service import running

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "story.py"


def test_the_example_is_short_enough_to_be_read() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ],
)
def test_the_example_tells_the_story_to_its_end(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings, city = {}, None
    if engine == "sqlite":
        city = request.getfixturevalue("demo_city")
    else:
        settings["ODR_DATABASE_URL"] = request.getfixturevalue("postgres_settings").database_url
        settings["ODR_REDIS_URL"] = request.getfixturevalue("redis_url")
    with running(tmp_path / "city", city, **settings) as service:
        told = subprocess.run(
            [sys.executable, str(EXAMPLE)], input=json.dumps(service.logins), capture_output=True, text=True
        )
        assert told.returncode == 0, told.stderr
        steps = told.stdout.splitlines()
        assert len(steps) == 11
        assert any("case is closed" in step for step in steps)
        assert "余款分两次付" in steps[4]
        assert "手头" not in told.stdout
        proven = service.odr("verify", "--json")
    assert proven.returncode == 0, proven.stderr
    assert json.loads(proven.stdout)["faults"] == []
