"""Act five: what was promised is kept, the mediator calls back, the case is closed, the auditor looks."""

import re
from pathlib import Path

from tests.journeys.applying import APPLICANT, RESPONDENT
from tests.journeys.visitor import Visitor


def performs(obligor: Visitor, obligee: Visitor, case: str, photo: Path | None, words: str) -> None:
    """One side shows that it did its part, the other confirms."""
    obligor.open(f"{case}/performance")
    obligor.look("promises")
    obligor.press("我已经做了")
    if photo is not None:
        obligor.page.locator("input[type=file]").locator("visible=true").first.set_input_files(photo)
    obligor.page.locator("details[open] input[name=note]").fill(words)
    obligor.look("proof")
    obligor.press("登记，请对方确认")
    obligor.reads(words)
    obligee.open(f"{case}/performance")
    obligee.reads(words)
    obligee.look("proof-to-confirm")
    obligee.press("确认，", exact=False)  # 已经做到了, or 钱都收到了; asked once more, for it cannot be taken back
    obligee.look("proof-asked-once-more")
    obligee.press("是的，我确认")
    obligee.page.locator("summary", has_text="确认，").wait_for(state="detached")


def is_visited(mediator: Visitor, case: str) -> None:
    mediator.open(case)
    mediator.look("case-performed")
    mediator.press("去回访")
    mediator.look("visit")
    for name, mark in ((APPLICANT.name, "非常满意"), (RESPONDENT.name, "满意")):
        mediator.pick("回访了谁", name)
        mediator.choose("已经履行")
        mediator.choose(mark, exact=True)
        mediator.fill("当事人怎么说", "说清楚了，也修好了，心里踏实。")
        mediator.press("保存回访")
        mediator.page.locator(".card-title", has_text=name).wait_for()
    mediator.look("visited")


def is_closed(mediator: Visitor, applicant: Visitor, case: str) -> None:
    mediator.press("结案")
    mediator.look("closing")
    mediator.press("结案")
    mediator.reads("已经结案")
    mediator.look("case-closed")
    applicant.open(case)
    applicant.look("case-closed")


def is_audited(auditor: Visitor, number: str, secret: str) -> None:
    """No word before a reason; the joint room to its last line, and nothing of the private one; the reading is told."""
    reason = "季度抽查：核对调解记录是否完整"
    auditor.open("/audit")
    auditor.look("cases")
    auditor.fill("案号或申请编号", number)
    auditor.press("筛选")
    auditor.press(number)
    auditor.reads("写明查阅理由后可以打开")
    auditor.look("before-a-reason")
    auditor.fill("为什么要查阅", reason)
    auditor.press("记下理由，打开记录")
    auditor.reads("已封存，不能查阅")
    auditor.look("case")
    auditor.press("查阅共同调解室", exact=False)
    auditor.reads(re.compile("完整，截至"))
    auditor.reads("拍给您看。")
    auditor.does_not_read(secret)
    auditor.look("joint-room")
    auditor.open("/audit/ledger")
    for act in ("写明查阅理由", "查阅调解室记录"):
        auditor.reads(act)
    auditor.look("ledger")
