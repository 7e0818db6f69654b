"""The newspaper's case from the first tap to the auditor's reading: two residents on phones, staff at desks."""

from pathlib import Path

import pytest

from tests.journeys import applying, entering, talking
from tests.journeys.conftest import DESK, PHONE, Enter
from tests.journeys.people import Outbox, staff_signs_in
from tests.journeys.service import Service
from tests.journeys.visitor import Album

pytestmark = pytest.mark.browser


def test_a_gas_bill_is_settled(enter: Enter, service: Service, album: Album, tmp_path: Path) -> None:
    admin = enter("admin", DESK)
    staff_signs_in(admin, service, "admin")
    outbox = Outbox(admin)
    applicant, respondent = enter("applicant", PHONE), enter("respondent", PHONE)
    centre, clerk, mediator = enter("centre", DESK), enter("clerk", DESK), enter("mediator", DESK)
    staff_signs_in(centre, service, "centre")
    staff_signs_in(clerk, service, "bodyclerk")

    case = applying.applies(applicant, outbox, applying.receipt(tmp_path))
    applying.is_routed(centre, case)
    number = applying.is_accepted(clerk, case)
    assert number

    staff_signs_in(mediator, service, "mediator")
    entering.follows_the_invitation(respondent, outbox)
    entering.passes_gates(respondent, applying.RESPONDENT, case, pictures=True)
    entering.passes_gates(applicant, applying.APPLICANT, case, pictures=False)
    entering.discloses(mediator, case)
    entering.accepts_the_mediator(applicant, case)
    entering.accepts_the_mediator(respondent, case)
    entering.begins(mediator, case)

    for who in (applicant, respondent, mediator):
        talking.enters(who, case)
    talking.talk_together(applicant, respondent, mediator)
    secret = talking.talk_in_private(applicant, mediator, respondent)
    talking.reloads_and_loses_the_line(respondent, (applicant, mediator), case)
    assert secret
    assert album.findings == []
