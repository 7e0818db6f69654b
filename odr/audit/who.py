"""Who acts: taken along from the edge into every service, so that the ledger can name the hand and the device."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Who:
    """A signed-in person, or the service itself (`person_id` None)."""

    person_id: int | None = None
    pid: str | None = None
    name: str = ""
    login_id: int | None = None
    ip: str = ""
    device: str = ""
    on_behalf_of: int | None = None


SYSTEM = Who(name="系统")
