"""The newspaper's case from the first tap to the auditor's reading: two residents on phones, staff at desks."""

from datetime import timedelta
from pathlib import Path

import pytest

from odr.core import clock
from tests.journeys import agreeing, applying, entering, keeping, talking
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

    photo = applying.receipt(tmp_path)
    case = applying.applies(applicant, outbox, photo)
    applying.is_routed(centre, case)
    number = applying.is_accepted(clerk, case)
    app = staff_signs_in(mediator, service, "mediator")
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

    agreeing.is_drafted(mediator, case, f"{clock.today() + timedelta(days=20)}")
    agreeing.is_changed(applicant, mediator, case)
    agreeing.is_accepted(applicant, respondent, mediator, case)
    agreeing.is_signed((applicant, respondent, mediator), outbox, app, case)
    paper = agreeing.is_sealed(clerk, applicant, case)
    text = "".join(page.extract_text() for page in paper.pages)
    for words in ("壹仟叁佰元整", "燃气公司的准许文件"):
        assert words in text
    assert any("CJK" in name for name in agreeing.embedded_fonts(paper))

    keeping.performs(respondent, applicant, case, photo, "复印件今天当面交给王姨了")
    keeping.performs(applicant, respondent, case, None, "今天付了 1300 元现金")
    keeping.is_visited(mediator, case)
    keeping.is_closed(mediator, applicant, case)
    auditor = enter("auditor", DESK)
    staff_signs_in(auditor, service, "auditor")
    keeping.is_audited(auditor, number, secret)
    assert album.findings == []
