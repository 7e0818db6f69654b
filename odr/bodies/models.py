"""The city's divisions and the bodies that mediate in it: centres, committees, sector bodies, grids, rosters."""

from datetime import date

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core.db import Base
from odr.core.ids import new_pid


class Division(Base):
    """A place by its 12-digit code (国家统计局). Names are not unique: show the full path."""

    __tablename__ = "divisions"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str | None] = mapped_column(String(16))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    statistical_only: Mapped[bool] = mapped_column(default=False)


class Body(Base):
    """A centre (矛盾纠纷调处中心), a people's mediation committee of a place, or a sector body.

    kind: centre | committee | sector; level: city | district | township | community.
    """

    __tablename__ = "bodies"
    __table_args__ = (
        UniqueConstraint("number_word"),
        Index("ix_bodies_place", "division_code", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    kind: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(16))
    sector: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    number_word: Mapped[str | None] = mapped_column(String(24))
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id"))
    scope: Mapped[str] = mapped_column(String(300), default="")
    clock: Mapped[str] = mapped_column(String(24), default="mediate")
    duty_hours: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(24), default="")
    address: Mapped[str] = mapped_column(String(120), default="")
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    invented: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)


class BodyCategory(Base):
    """A kind of dispute this body takes."""

    __tablename__ = "body_categories"

    body_id: Mapped[int] = mapped_column(ForeignKey("bodies.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(4), primary_key=True)


class Grid(Base):
    """A grid (网格): a few buildings with one grid worker."""

    __tablename__ = "grids"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"), index=True)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    invented: Mapped[bool] = mapped_column(default=False)


class MediatorProfile(Base):
    """What the public list says of a mediator (在线调解规则 Art. 5)."""

    __tablename__ = "mediator_profiles"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="engaged")
    title: Mapped[str] = mapped_column(String(40), default="")
    intro: Mapped[str] = mapped_column(String(300), default="")
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    education: Mapped[str] = mapped_column(String(24), default="")
    since: Mapped[date | None] = mapped_column()
    trained_until: Mapped[date | None] = mapped_column()
    accepts_cases: Mapped[bool] = mapped_column(default=True)
