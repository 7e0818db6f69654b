"""The words parties are told and agree to. A version, once shown, never changes: a new text gets a new version."""

from odr.cases.texts.notices import ONLINE, RIGHTS, ROUTES, Notice, Point

__all__ = ["ONLINE", "RIGHTS", "ROUTES", "Notice", "Point"]
