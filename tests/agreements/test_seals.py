"""The sealed copy: a PDF reader finds its signature good, and bad as soon as a byte is another."""

import asyncio
import io
import shutil
import subprocess
import warnings
from pathlib import Path

import pypdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from odr.agreements import seal_keys, seals, service
from odr.agreements.models import Agreement
from odr.core import paper
from odr.core.settings import Mode, Settings
from odr.evidence import service as evidence
from odr.evidence.models import File
from tests.agreements.story import Story
from tests.conftest import SECRET

pytestmark = pytest.mark.one_engine

BODY = "乌海市公用事业纠纷人民调解委员会"


def _pdfsig(folder: Path, data: bytes) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(data)
    return subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout


def _validated(data: bytes, root: bytes) -> tuple[bool, bool, bool]:
    """What pyHanko says: intact, valid, trusted by this root."""
    from asn1crypto import pem
    from asn1crypto import x509 as asn1
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(trust_roots=[asn1.Certificate.load(pem.unarmor(root)[2])])
    (found,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status = validate_pdf_signature(found, context)
    return status.intact, status.valid, status.trusted


@pytest.mark.sqlite
async def test_common_readers_find_the_copy_good_and_every_change_bad(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, secret_key=SECRET)
    seal = seals.adapter(settings)
    plain = await paper.pdf("<p>人民币贰仟陆佰元整</p>")
    signed = await seal.sign(plain, BODY)
    root = await seal.root()
    assert root is not None
    assert signed.startswith(plain), "what was printed stays as it was; the signature stands behind it"
    told = _pdfsig(tmp_path, signed)
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "乌海解纷电子印章（演示）" in told
    # pyHanko's check runs an event loop of its own.
    assert await asyncio.to_thread(_validated, signed, root) == (True, True, True)
    for place in (signed.find(b"stream") + 12, len(plain) // 2, len(plain) - 40):
        altered = bytearray(signed)
        altered[place] ^= 1
        assert "Signature is Valid" not in _pdfsig(tmp_path, bytes(altered)), place
    # A page added behind the signature leaves its bytes whole: the reader says that not everything is signed.
    added = io.BytesIO()
    writer = pypdf.PdfWriter(io.BytesIO(signed), incremental=True)
    writer.add_blank_page(595, 842)
    writer.write(added)
    assert "Not total document signed" in _pdfsig(tmp_path, added.getvalue())
    other = seals.adapter(Settings(var=tmp_path / "other", secret_key=SECRET))
    assert (await asyncio.to_thread(_validated, signed, await other.root() or b""))[2] is False


def test_the_key_is_made_once_sealed_at_rest_and_its_certificates_are_a_chain(tmp_path: Path) -> None:
    first = seal_keys.keys(tmp_path / "seal", "印章")
    assert seal_keys.keys(tmp_path / "seal", "另一个名字") == first
    root, certificate = (x509.load_pem_x509_certificate(one) for one in (first.root, first.certificate))
    certificate.verify_directly_issued_by(root)
    key = load_pem_private_key(first.key, None)
    assert key.public_key() == certificate.public_key()
    at_rest = b"".join(path.read_bytes() for path in (tmp_path / "seal").iterdir())
    assert b"PRIVATE" not in at_rest
    assert ((tmp_path / "seal" / "key.sealed").stat().st_mode & 0o077) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seal"], "no draft is left behind"
    # Somebody was quicker: the keys that lie there are everybody's.
    shutil.copytree(tmp_path / "seal", tmp_path / "kept")
    seal_keys._make(tmp_path / "kept", "印章")
    assert seal_keys.keys(tmp_path / "kept", "印章") == first


def test_the_seal_of_a_demo_city_says_so(tmp_path: Path) -> None:
    assert "演示" in seals.DrawnSeal(Settings(var=tmp_path)).picture(BODY)
    assert "演示" not in seals.DrawnSeal(Settings(var=tmp_path, mode=Mode.CITY)).picture(BODY)


@pytest.mark.sqlite
async def test_what_is_no_pdf_is_not_sealed_and_the_agreement_stands(story: Story) -> None:
    settings = story.cast.mediator.app.state.odr.settings
    with pytest.raises(seals.SealFailed, match="协议不受影响"):
        await seals.adapter(settings).sign(b"no pdf", BODY)


async def test_the_kept_copy_carries_the_signature_and_the_frozen_paper_none(story: Story, tmp_path: Path) -> None:
    agreement = await story.effective()
    settings = story.cast.mediator.app.state.odr.settings
    await service.keep_copy(story.db, settings, story.cast.body_clerk.actor, agreement.pid)
    async with story.db.write() as session:
        row = await session.get_one(Agreement, agreement.id)
        files = [await session.get_one(File, one) for one in (row.pdf_file_id or 0, row.copy_file_id or 0)]
    frozen, copy = [await evidence.read_bytes(file, original=True) for file in files]
    assert "Signature is Valid" in _pdfsig(tmp_path, copy)
    assert "does not contain any signatures" in _pdfsig(tmp_path, frozen)
