"""Words in one transcript of 100,000 lines among 5 million, on SQLite: asked as an HTTP call asks, without the call,
whose limit of questions per minute would be measured instead.

Lines of all rooms are written in turns, as a city talks, so that neighbours in a transcript are none on the disk. They
are invented from a list of words, have no true chain, and are indexed by the same tokens as real ones.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from bench import city
from bench.figures import Figure, Plan, at
from odr.accounts.access import load_actor
from odr.core.db import Database
from odr.rooms import index, search
from odr.rooms.access import member_of
from odr.rooms.append import pack
from odr.rooms.models import LineKind, Message
from odr.rooms.tokens import Question, tokens

_SAID = (
    "我们 上次 在 社区 谈过 楼上 漏水 把 卧室 天花板 泡坏 修了 两次 还是 费用 一直 没有 说清楚 请 调解员 帮忙 "
    "算一算 愿意 当面 照片 物业 合同 押金 房东 租金 燃气 管道 改造 收费 依据 工资 拖欠 邻居 噪音 停车 车位 保安 "
    "维修 基金 医院 护理 赔偿 误工 证明 发票 收据 转账 银行 记录 手机 电话 通知 时间 地点 见面 协商 同意 不同意 "
    "条件 分期 付款 利息 借条 担保 律师 法院 起诉 仲裁 保险 公司 经理 老板 签字 盖章 承诺 兑现 今天 明天 下周 "
    "月底 元 块 次 号 三百 五百 两千 一万 2600 500 8000 微信 定金 装修 材料 质量 返工 验收 图纸"
)
_WORDS = _SAID.split()
_ELSEWHERE, _RARE = "锅炉", "钥匙扣"
_ASKED = {
    "a common word": "漏水",
    "two common words": "漏水 合同",
    "one character": "水",
    "pairs that over-match": "漏水没有社区",
    "a rare word": _RARE,
    "a word of no room": "火箭筒",
    "a word of all rooms but this": _ELSEWHERE,
    "the same with a common one": f"{_ELSEWHERE} 漏水",
}
_TURN = 50
_HALL = 1000  # lines of an ordinary room


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    lines, total = plan.pick(100_000, 20_000, 1000), plan.pick(5_000_000, 200_000, 5000)
    made = city.built(folder, rooms=max(1, (total - lines) // _HALL) + 1, size=2)
    member = made.members[len(made.members) // 4 * 2]  # of a room in the middle
    return asyncio.run(_measure(folder, member, lines, total, plan.pick(200, 100, 3), tell))


async def _measure(
    folder: Path, member: dict[str, Any], lines: int, total: int, tries: int, tell: Callable[[str], None]
) -> list[Figure]:
    database = Database(city.settings(folder))
    try:
        await _fill(database, member["room"], lines, total, tell)
        size = sum(file.stat().st_size for file in folder.glob("odr.sqlite3*")) / 2**30  # noqa: ASYNC240
        figures = []
        for what, words in _ASKED.items():
            tell(what)
            took, found = await _ask(database, member, words, tries)
            p95 = at(took, 0.95)
            figures.append(
                Figure(
                    f"{what}, in {lines:,} of {total:,} lines, p95",
                    f"{p95:.1f} ms",
                    "–",
                    p95,
                    "ms",
                    200,
                    50,
                    at_least=False,
                    note=f"{found} lines found; the database has {size:.2f} GiB",
                )
            )
        return figures
    finally:
        await database.close()


async def _ask(database: Database, member: dict[str, Any], words: str, tries: int) -> tuple[list[float], int]:
    async with database.read() as session:
        actor = await load_actor(session, member["token"])
    if actor is None:
        raise RuntimeError("the member's login is gone")
    took, found = [], 0
    for _ in range(tries):
        start = time.perf_counter()
        async with database.read() as session:
            room, seat = await member_of(session, actor, member["room"])
            found = len((await search.search(session, room, seat, Question.of(words))).lines)
        took.append((time.perf_counter() - start) * 1000)
    return took, found


async def _fill(database: Database, room: str, lines: int, total: int, tell: Callable[[str], None]) -> None:
    async with database.read() as session:
        rows = (await session.execute(text("SELECT id, pid FROM rooms ORDER BY id"))).all()
        author = await session.scalar(text("SELECT min(id) FROM people"))
    big = next(id for id, pid in rows if pid == room)
    others = [id for id, pid in rows if pid != room]
    rounds, done, number = _HALL // _TURN, 0, 0
    for turn in range(rounds):
        plan = [(id, turn * _TURN + 1) for id in others]
        share = range(turn * lines // rounds + 1, (turn + 1) * lines // rounds + 1, _TURN)
        for n, first in enumerate(share):  # the big room's lines lie between those of the others
            plan.insert((n + 1) * (len(others) + len(share)) // len(share) - 1, (big, first))
        for some in range(0, len(plan), 100):
            await database.run(_write, big, author, plan[some : some + 100], number)
            number += 1
            done += _TURN * len(plan[some : some + 100])
        tell(f"{done:,} of {total:,} lines")


def _write(connection: Connection, big: int, author: int, plan: list[tuple[int, int]], number: int) -> None:
    """`_TURN` lines for each (room id, first seq), stored and indexed."""
    texts, rows = _texts(number), []
    for room, first in plan:
        found = []
        for seq in range(first, first + _TURN):
            said = next(texts)
            if room != big and seq % 7 == 0:
                said += _ELSEWHERE
            if room == big and seq % 40_000 == 17:
                said += _RARE
            found.append((seq, tokens(said)))
            rows.append(_row(room, seq, author, said))
        index.add(connection, room, first - 1, first + _TURN - 1, found)
    table: Table = Message.__table__
    connection.execute(insert(table), rows)
    heads = [{"room": room, "seq": first + _TURN - 1} for room, first in plan]
    connection.execute(text("UPDATE rooms SET head_seq = :seq WHERE id = :room"), heads)


def _row(room: int, seq: int, author: int, said: str) -> dict[str, Any]:
    return {
        "room_id": room,
        "seq": seq,
        "kind": LineKind.TEXT,
        "author_id": author,
        "author_role": "applicant",
        "author_name": "某某0",
        "client_id": f"bench-{room}-{seq}-of-this-room",
        "ref_seq": None,
        "at_us": 1_700_000_000_000_000 + seq * 1_000_000,
        "client_at": None,
        "epoch": "bench",
        "sealed": False,
        "body": pack({"text": said}),
        "salt": os.urandom(16),
        "prev": os.urandom(32),
        "leaf": os.urandom(32),
    }


def _texts(seed: int) -> Iterator[str]:
    """Sentences in which some words are common and most are not, endlessly."""
    dice = random.Random(seed)
    weights = [1 / (n + 3) for n in range(len(_WORDS))]
    order = random.Random(1).sample(_WORDS, len(_WORDS))
    while True:
        yield "".join(dice.choices(order, weights, k=dice.randint(4, 36)))
