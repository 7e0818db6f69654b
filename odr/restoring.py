"""`odr restored`: this database was put back from a copy, so its history is no longer the one that clients have seen.

What was said after the copy is gone, and the same seqs will be given to other lines. A new epoch makes every cursor of
before a foreign one: clients drop what they hold and start over, instead of missing new lines without a word.
"""

import odr.accounts.models  # noqa: F401 - the ledger's rows point at people and their logins
from odr.audit import service as audit
from odr.audit.who import SYSTEM
from odr.core import ids
from odr.core.db import Database
from odr.rooms.models import Lineage


async def begin_epoch(database: Database) -> str:
    """From now on a new epoch is in force; returns it. The act stands in the ledger. For a service that is stopped."""
    epoch = ids.new_pid()[:12]
    async with database.write() as session:
        session.add(Lineage(epoch=epoch, reason="restore"))
        await session.flush()
        await audit.record(session, SYSTEM, "database:epoch:begun", "database", epoch)
    return epoch
