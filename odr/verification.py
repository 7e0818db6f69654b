"""`odr verify`: every chain recomputed, every stored file hashed again."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import func, select

from odr import schema
from odr.agreements import service as agreements
from odr.audit import service as audit
from odr.audit.models import LedgerRow
from odr.core import clock
from odr.core.db import Database
from odr.core.settings import Settings
from odr.evidence import service as evidence
from odr.evidence.models import File
from odr.rooms import service as rooms
from odr.rooms.models import Message, Room


@dataclass
class Report:
    """What was looked at, and what is not as it was written."""

    rooms: int = 0
    lines: int = 0
    acts: int = 0
    files: int = 0
    at: str = ""
    faults: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"whole": not self.faults}

    def sentence(self) -> str:
        """The state of integrity in words first."""
        state = f"有 {len(self.faults)} 处与写入时不一致" if self.faults else "完整"
        return (
            f"{state}，截至 {self.at} 已核验 {self.rooms:,} 个调解室的 {self.lines:,} 条记录、"
            f"{self.acts:,} 条操作台账、{self.files:,} 个文件"
        )


async def verify(database: Database, settings: Settings) -> Report:
    """Read everything that is chained or hashed and compare. Reads only."""
    report = Report(at=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    async with database.read() as session:
        report.rooms = await session.scalar(select(func.count()).select_from(Room)) or 0
        report.lines = await session.scalar(select(func.count()).select_from(Message)) or 0
        report.acts = await session.scalar(select(func.count()).select_from(LedgerRow)) or 0
        connection = await session.connection()
        for name in await connection.run_sync(schema.missing_triggers):
            report.faults.append(f"trigger {name} is missing: rows of its table can be changed")
        report.faults += [fault async for fault in audit.faults(session)]
        report.faults += [fault async for fault in rooms.verify(session)]
        report.faults += [fault async for fault in agreements.verify(session)]
        report.files = await session.scalar(select(func.count()).select_from(File)) or 0
        report.faults += [fault async for fault in evidence.verify(session)]
    return report
