"""What was shown is what is on record: a text never changes under its version."""

import hashlib

import pytest

from odr.cases.texts import ONLINE, RIGHTS, ROUTES, Notice

PINNED = {
    "rights-2026-11": "ac5cb4d38dc4c7dd",
    "online-2026-11": "bad4f30bb7a74a80",
    "routes-2026-11": "a70bde7434977e7e",
}


def digest(notice: Notice) -> str:
    words = [notice.head, notice.consent, *(part for point in notice.points for part in (point.head, point.body))]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


@pytest.mark.parametrize("notice", [RIGHTS, ONLINE, ROUTES])
def test_a_changed_text_needs_a_new_version(notice: Notice) -> None:
    assert digest(notice) == PINNED[notice.version]


def test_the_rights_notice_tells_every_point_of_the_law() -> None:
    told = "".join(point.body for point in RIGHTS.points)
    for word in (
        "不是法院", "不收任何费用", "自愿", "随时不再调解", "更换", "不公开", "如实", "留痕", "让步", "录音",
        "口头", "30 天", "仲裁", "时效", "虚假", "12348", "个人信息", "公安机关",
    ):  # fmt: skip
        assert word in told + "".join(point.head for point in RIGHTS.points), word
