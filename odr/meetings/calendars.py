"""A meeting in a phone's calendar, which others may look at: the time, and nothing of the matter or the place."""

from datetime import timedelta

from odr.cases.models import Case
from odr.core import ics
from odr.core.i18n import _
from odr.meetings.models import Meeting

_LASTS = timedelta(hours=1)


def entry(case: Case, meeting: Meeting, site: str) -> ics.Entry:
    """The entry; a meeting that was called off is told so to a calendar that knows it."""
    return ics.Entry(
        uid=f"{meeting.pid}@odr",
        start=meeting.starts_at,
        end=meeting.starts_at + _LASTS,
        title=_("有一个约会"),
        text=_("时间、地点请登录“我的纠纷”查看。"),
        url=f"{site}/cases/{case.pid}/meetings/{meeting.pid}",
        alarms=(timedelta(days=1), timedelta(hours=2)),
        cancelled=meeting.state == "cancelled",
    )
