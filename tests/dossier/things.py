"""Something real of each kind that people write for the file."""

from datetime import timedelta

from sqlalchemy import select

from odr.cases.models import Party
from odr.core import clock
from odr.dossier import filing, records
from odr.dossier.schemas import InquiryIn
from tests.agreements.story import Story


async def of(story: Story) -> dict[str, str]:
    """A party with an agent's paper to come, an inquiry and the draft of a record, by the words of addresses."""
    mediator = story.cast.mediator.actor
    asked = {
        "held_at": clock.now() - timedelta(hours=3), "place": "居委会", "matter": "核实", "asked": "周某",
        "writer": "张调解", "talk": "问：您看见了吗？\n答：看见了。",
    }  # fmt: skip
    async with story.db.write() as session:
        inquiry = await filing.inquire(session, mediator, story.case, InquiryIn.model_validate(asked))
        record = await records.begin(session, mediator, story.case)
        agents = select(Party.pid).where(
            Party.case_id == story.case_id, Party.role == "agent", Party.side == "applicant"
        )
        party = (await session.scalars(agents)).one()
    return {"party": party, "inquiry": inquiry.pid, "record": record.pid}
