# ruff: noqa: E501 - what people read is not broken
"""Ten disputes of ten categories, each with its whole file: every field is found, the index is right, nothing moves.

The files are kept in `artifacts/dossier`, to be looked at page by page.
"""

import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import docx
import pypdf
import pytest
import pytest_asyncio

from odr.app import create_app
from odr.cases.codes import PartyKind, Side
from odr.core.binding import Bound, Span
from odr.core.settings import Settings
from odr.demo import people
from odr.demo.stage import Stage
from odr.dossier import papers, whole
from odr.dossier.bundle import HIDDEN, Bundle
from tests.conftest import SECRET
from tests.dossier.test_ends_of_papers import alone
from tests.dossier.whole import LONG_NAME, SCRIPTS, STREET, Told, bundle_of, founded, kept, played

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.sqlite]

ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "dossier"


@dataclass
class City:
    """The stage, the ten cases, and each one's file as the mediator takes it."""

    stage: Stage
    told: dict[str, Told] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    bound: dict[str, Bound] = field(default_factory=dict)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[City]:
    var = tmp_path_factory.mktemp("dossier")
    shutil.copy(sqlite_template, var / "odr.sqlite3")
    application = create_app(Settings(var=var, secret_key=SECRET))
    async with application.router.lifespan_context(application):
        found = City(await founded(application.state.odr))
        for script in SCRIPTS:
            found.told[script.key] = told = await played(found.stage, script)
            found.bundles[script.key] = b = await bundle_of(found.stage, "mediator2", told)
            found.bound[script.key] = bound = await whole.bound(b)
            kept(ARTIFACTS, f"{script.key}.pdf", bound.data)
        yield found


def plain(text: str) -> str:
    return "".join(text.split())


class Pages:
    """The text of a bound file, by paper."""

    def __init__(self, bound: Bound) -> None:
        self.reader = pypdf.PdfReader(io.BytesIO(bound.data))
        self.texts = [plain(page.extract_text()) for page in self.reader.pages]
        self.outline = [(item.title, self.reader.get_destination_page_number(item)) for item in self.reader.outline]
        self.spans = {span.key: span for span in bound.spans}
        titles = [title for title, _at in self.outline]
        # The index stands after the cover and is no paper of its own.
        self.front = titles.index("卷内目录") if "卷内目录" in titles else titles.index("目录")
        self.numbered_from = next(at for title, at in self.outline[self.front + 1 :])

    def sheets(self, span: Span) -> range:
        start = self.numbered_from + span.first - 1
        return range(start, start + span.count)

    def of(self, key: str) -> str:
        """All that stands in the papers whose key begins so."""
        found = [span for span in self.spans.values() if span.first and span.key.split("-")[0] == key.split("-")[0]]
        return "".join(self.texts[n] for span in found if span.key.startswith(key) for n in self.sheets(span))


def fields_of(b: Bundle) -> dict[str, list[str]]:
    """What must be read in each paper: the fields of the official forms."""
    a, r = (b.side(side)[0].block for side in (Side.APPLICANT, Side.RESPONDENT))
    blocks = [
        a.name,
        a.id_no,
        a.phone,
        a.address,
        a.ethnicity,
        a.occupation,
        a.domicile,
        a.sex,
        r.name,
        r.id_no,
        r.phone,
    ]
    blocks += [r.legal_rep] if r.kind != PartyKind.NATURAL else [r.ethnicity, r.sex]
    case, item = b.case, b.items[0]
    effect = b.effect
    assert effect is not None
    number = effect.agreement.agreement_no or ""
    amount = [sum_words(item.amount_fen)] if item.amount_fen else []
    fields = {
        "application": [*blocks, case.facts, *case.claims, case.application_no, case.case_no or "", "自愿申请", "现场照片"],
        "rights": ["当事人权利义务告知书", "送达回执", a.name, r.name, "不收费", "网页"],
        "identity": [a.name, a.id_no, r.name, r.id_no, "姓名与号码相符"],
        "address": [a.name, a.address, a.phone, r.address],
        "notice": [a.name, r.name, "大庆社区调解室", "其木格", "0473-2990000"],
        "inquiry": ["周某", "同楼邻居", "大庆社区居委会", "二〇一九年", "我还拍了照片", "社区网格员吴网格", "调查人"],
        "evidence": ["现场照片.jpg", "转账回单.pdf", "SHA-256"],
        "record": [
            "大庆社区调解室", a.name, r.name, "社区网格员吴网格", "其木格", "告知权利义务", "自愿、平等", "希望宽限几天",
            "查明的事实", "风险说明", "达成协议", number, "（印章）",
        ],
        "record-pages": ["逐页看过", a.name, r.name, "网上确认", "SHA-256"],
        "agreement": [a.name, r.name, case.facts, item.text, number, *amount],
        "receipts": [number, item.text, "已履行", "已经办好了", "收到了", "付款截图.jpg", *amount],
        "visits": [a.name, r.name, "电话", "已经履行", "非常满意", "说到做到", "其木格", number],
        "closing": [case.case_no or "", "其木格", "网上申请", a.name, a.address, a.phone, r.name, case.facts, "已履行"],
        "file": ["本卷材料齐全", "钱登记"],
    }  # fmt: skip
    if b.court:
        fields["court"] = [number, a.name, r.name, "人民法院", "法院确认有效", "民特12号", "由各方共同提出"]
    if b.performance:
        fields["breach"] = ["不履行告知书", a.name, r.name, number, "到期没有归还", "可以走的路", *amount]
        fields["certificate"] = ["协议已履行证明", a.name, r.name, number, "已经履行", "交给单位", *amount]
    if b.mandates:
        fields["mandate"] = [
            "乌兰",
            "律师",
            "11503202010000001",
            "某某律师事务所",
            "承认、变更、放弃请求",
            "特别授权",
            a.name,
        ]
    return fields


def sum_words(fen: int) -> str:
    from odr.dossier.wording import sum_of

    return sum_of(fen)


@pytest.mark.parametrize("key", [script.key for script in SCRIPTS])
async def test_every_field_stands_in_its_paper_and_the_index_leads_there(city: City, key: str) -> None:
    b, bound = city.bundles[key], city.bound[key]
    pages = Pages(bound)
    assert papers.gaps(b) == []
    assert bound.unbound == ()
    missing = {
        (paper, value) for paper, values in fields_of(b).items() for value in values if plain(value) not in pages.of(paper)
    }  # fmt: skip
    assert missing == set()
    assert not any("待补" in text for text in pages.texts)
    # Cover, index and back carry no number; every other page carries its own, and the index knows it.
    assert pages.texts[0].startswith(plain(b.body_name))
    assert "卷宗" in pages.texts[0]
    index = "".join(pages.texts[1 : pages.numbered_from])
    numbered = [span for span in bound.spans if span.first]
    for span in numbered:
        assert plain(span.title) + span.pages in index, span.title
        first = pages.sheets(span)[0]
        assert (span.title, first) in pages.outline
        for n, sheet in enumerate(pages.sheets(span), start=span.first):
            assert re.search(rf"(?<!\d){n}$", pages.texts[sheet]), (span.title, n, pages.texts[sheet][-40:])
    total = sum(span.count for span in numbered)
    assert len(pages.texts) == pages.numbered_from + total + 1
    assert f"本卷共有文书{len(numbered)}件，编号{total}页" in pages.texts[-1]


async def test_no_page_of_a_file_holds_the_end_of_a_paper_alone(city: City) -> None:
    for key, bound in city.bound.items():
        pages = Pages(bound)
        back = len(pages.texts) - 1  # names who filed, and is nothing else
        assert [pages.texts[n] for n, page in enumerate(pages.reader.pages) if n < back and alone(page)] == [], key


async def test_what_became_of_the_promises_stands_in_the_official_order(city: City) -> None:
    """9 the slips, the notice of breach, the certificate; 10 the visits; 11 the joint application, the court's paper."""
    told = city.told["contract"]
    titles = [span.title for span in city.bound["contract"].spans if span.first]
    named = [
        "履行凭证",
        "不履行告知书",
        "协议已履行证明",
        "回访记录",
        "司法确认有关材料",
        "司法确认有关材料：司法确认申请书.pdf",
        "司法确认有关材料：民事裁定书.pdf",
        "结案报告表",
    ]
    assert [title for title in titles if title in named] == named
    assert {"司法确认申请书.pdf", "民事裁定书.pdf"} <= {file.name for file in whole.originals(city.bundles["contract"])}
    # Who asked for the certificate has it; the other side has the notice, which went to both. The joint application
    # holds both sides' numbers and stays with the body and the court.
    for key, certified in (("sun", True), ("wang", False)):
        b = await bundle_of(city.stage, key, told)
        keys = {paper.key.split("-")[0] for paper in papers.shelf(b)}
        assert "breach" in keys
        assert ("certificate" in keys) is certified
        names = {file.name for file in whole.originals(b)}
        assert "民事裁定书.pdf" in names
        assert "司法确认申请书.pdf" not in names


async def test_a_file_looked_at_again_has_the_same_bytes(city: City) -> None:
    for key in ("contract", "housing"):
        again = await bundle_of(city.stage, "mediator2", city.told[key])
        bound = await whole.bound(again)
        assert bound.data == city.bound[key].data
    with await whole.packed(again, bound) as one, await whole.packed(again, bound) as other:
        data = one.read()
        assert data == other.read()
    kept(ARTIFACTS, "housing.zip", data)


async def test_the_package_holds_originals_data_and_hashes(city: City) -> None:
    b, bound = city.bundles["contract"], city.bound["contract"]
    with await whole.packed(b, bound) as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
        assert {one["name"] for one in manifest["files"]} == set(names) - {"manifest.json"}
        for one in manifest["files"]:
            data = archive.read(one["name"])
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (one["sha256"], one["size"])
        given = json.loads(archive.read("data.json"))
        by_key = {paper["key"]: paper for paper in given["papers"]}
        assert by_key["application"]["fields"]["claims"] == ["归还借款一万元"]
        assert by_key["receipts"]["pages"]
        originals = {name.partition("-")[2]: archive.read(name) for name in names if name.startswith("originals/")}
        assert {"现场照片.jpg", "转账回单.pdf", "付款截图.jpg", "民事裁定书.pdf"} <= set(originals)
        kept_sums = {file.sha256 for file in whole.originals(b)}
        assert {hashlib.sha256(data).hexdigest() for data in originals.values()} <= kept_sums
        words = {name: said(archive.read(name)) for name in names if name.endswith(".docx")}
    assert len(words) > 12
    fields = fields_of(b)
    titles = {
        "application": "人民调解申请书",
        "visits": "回访记录",
        "closing": "结案报告表",
        "inquiry": "调查记录",
        "court": "司法确认",
    }
    for key, title in titles.items():
        text = next(text for name, text in words.items() if title in name)
        assert [value for value in fields[key] if plain(value) not in text] == [], title


def said(data: bytes) -> str:
    """All text of a Word file, in the order of its parts."""
    made = docx.Document(io.BytesIO(data))
    cells = "".join(cell.text for table in made.tables for row in table.rows for cell in row.cells)
    return plain("".join(line.text for line in made.paragraphs) + cells)


async def test_a_partys_own_file_hides_the_numbers_of_the_other_side(city: City) -> None:
    """But for the agreement and the record, which both sides sign as they are."""
    told = city.told["neighbour"]
    b = await bundle_of(city.stage, "sun", told)
    bound = await whole.bound(b)
    pages = Pages(bound)
    kept(ARTIFACTS, "neighbour-respondent.pdf", bound.data)
    other = city.bundles["neighbour"].side(Side.APPLICANT)[0].block
    signed = {n for span in bound.spans if span.key == "agreement" for n in pages.sheets(span)}
    rest = "".join(text for n, text in enumerate(pages.texts) if n not in signed)
    assert plain(LONG_NAME) in rest
    for secret in (other.id_no, other.phone, other.occupation):
        assert secret not in rest, secret
    assert "孙某强" in rest
    keys = {span.key.split("-")[0] for span in bound.spans}
    assert keys.isdisjoint({"application", "cover", "back", "closing", "file", "inquiry"})
    assert {"rights", "identity", "address", "evidence", "record", "agreement", "receipts", "visits"} <= keys
    with await whole.packed(b, bound) as file, zipfile.ZipFile(file) as archive:
        whole_text = "".join(archive.read(name).decode() for name in ("data.json", "manifest.json"))
        assert other.id_no not in whole_text
        assert other.phone not in whole_text
        assert json.loads(archive.read("data.json"))["gaps"] == []
    shown = {seat.row.name: seat.block for seat in b.seats}
    assert (shown[LONG_NAME].address, shown["孙某强"].address) == (HIDDEN, STREET)
    assert shown[LONG_NAME].phone == "199****" + people.phone(50)[-4:]


async def test_a_picture_and_a_turned_page_come_into_the_file_upright(city: City) -> None:
    pages = Pages(city.bound["contract"])
    span = next(span for span in city.bound["contract"].spans if span.key == "evidence-1")
    slips = [pages.reader.pages[n] for n in pages.sheets(span)]
    assert [page.rotation for page in slips] == [0, 0]
    assert [tuple(round(float(n)) for n in page.mediabox[2:]) for page in slips] == [(420, 595), (595, 420)]
    assert "证据1现场照片.jpg" in pages.of("evidence")
    evidence = next(span for span in city.bound["contract"].spans if span.key == "evidence")
    assert pages.reader.pages[pages.sheets(evidence)[-1]].images, "the photo is in the file"
