"""The body's seal. The adapter `drawn` paints a round seal from the body's name and signs the sealed copy with a key of
the service; a city plugs its seal service in here.

A drawn seal is a picture and proves nothing by itself: what counts here is the signature row of kind `body_seal`, and
outside of here the signature in the PDF, which any reader of PDFs checks.
"""

import asyncio
import io
import math
from datetime import datetime
from typing import Protocol

from markupsafe import Markup, escape

from odr.agreements import seal_keys
from odr.agreements.seal_keys import SealKeys
from odr.core import clock
from odr.core.errors import OdrError
from odr.core.i18n import _
from odr.core.log import log
from odr.core.settings import Mode, Settings

_RESERVED = 16 * 1024  # for the signature with both certificates, in hex digits
_RED = "#c8102e"


class SealFailed(OdrError):
    """The copy could not be sealed. 503; the agreement is in effect all the same, and the copy is tried again."""

    status = 503
    code = "seal_failed"

    def default(self) -> str:
        return _("盖章副本暂时没有做成。协议不受影响，请过一会儿再下载。")


class Seal(Protocol):
    """Where seals come from."""

    def picture(self, body_name: str) -> Markup:
        """The seal as inline SVG, 120 units wide."""
        ...

    async def sign(self, pdf: bytes, body_name: str) -> bytes:
        """The same PDF with a signature of the body behind its bytes. Raises SealFailed."""
        ...

    async def root(self) -> bytes | None:
        """The certificate (PEM) by which a reader of PDFs trusts these signatures; None where it knows it anyway."""
        ...


class DrawnSeal:
    """A round seal as bodies have it: the name on an arc, a star, the word for what it is used for. In the demo city
    it says that it is none."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.var / "seal"
        self._demo = settings.mode is Mode.DEMO

    async def _keys(self) -> SealKeys:
        name = "乌海解纷电子印章" + ("（演示）" if self._demo else "")
        return await asyncio.to_thread(seal_keys.keys, self._folder, name)

    async def root(self) -> bytes | None:
        return (await self._keys()).root

    async def sign(self, pdf: bytes, body_name: str) -> bytes:
        """Behind the bytes of the PDF, which stay as they are: whatever is changed or added afterwards breaks it."""
        keys, now = await self._keys(), clock.local(clock.now())
        try:
            # In a thread with a loop of its own: hashing and RSA are no work for the loop that people talk on.
            return await asyncio.to_thread(lambda: asyncio.run(_signed(pdf, keys, body_name, now)))
        except Exception as failure:
            log.error("agreements.seal_failed", error=type(failure).__name__)
            raise SealFailed() from None

    def picture(self, body_name: str) -> Markup:
        """Each glyph is turned by itself, because text on a path is not drawn by every printer of SVG."""
        name = body_name.strip()
        span = min(250.0, 17.0 * max(len(name) - 1, 1))
        size = min(13.0, 2 * math.pi * 44 * (span / 360) / max(len(name), 1) * 1.05)
        step = span / max(len(name) - 1, 1)
        glyphs = Markup("").join(
            Markup('<text x="60" y="{y}" transform="rotate({turn} 60 60)">{glyph}</text>').format(
                y=f"{17 + size * 0.35:.1f}", turn=f"{-span / 2 + n * step:.2f}", glyph=escape(glyph)
            )
            for n, glyph in enumerate(name)
        )
        points = " ".join(
            f"{60 + radius * math.sin(turn * math.pi / 5):.2f},{60 - radius * math.cos(turn * math.pi / 5):.2f}"
            for turn in range(10)
            for radius in [15 if turn % 2 == 0 else 5.8]
        )
        return Markup(
            '<svg class="seal" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" width="120" height="120" '
            'role="img" aria-label="{name}"><circle cx="60" cy="60" r="57" fill="none" stroke="{red}" '
            'stroke-width="2.6"/><g fill="{red}" font-family="Noto Serif CJK SC, SimSun, serif" font-weight="bold" '
            'text-anchor="middle" font-size="{size}">{glyphs}</g><polygon points="{points}" fill="{red}"/>'
            '<text x="60" y="95" fill="{red}" text-anchor="middle" font-size="10.5" font-weight="bold" '
            'font-family="Noto Serif CJK SC, SimSun, serif">调解专用章</text>{demo}</svg>'
        ).format(name=name, red=_RED, size=f"{size:.1f}", glyphs=glyphs, points=points, demo=self._mark())

    def _mark(self) -> Markup:
        if not self._demo:
            return Markup("")
        return Markup(
            '<text x="60" y="107" fill="{red}" text-anchor="middle" font-size="8.5" '
            'font-family="Noto Serif CJK SC, SimSun, serif">（演示）</text>'
        ).format(red=_RED)


async def _signed(pdf: bytes, keys: SealKeys, body_name: str, at: datetime) -> bytes:
    """Loaded when the first copy is sealed: pyHanko takes two seconds, and most processes never seal."""
    from asn1crypto import keys as asn1_keys
    from asn1crypto import pem, x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    def der(text: bytes) -> bytes:
        found: bytes = pem.unarmor(text)[2]
        return found

    store = SimpleCertificateStore.from_certs([x509.Certificate.load(der(keys.root))])
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(der(keys.certificate)),
        signing_key=asn1_keys.PrivateKeyInfo.load(der(keys.key)),
        cert_registry=store,
    )
    meta = signers.PdfSignatureMetadata(
        field_name="Seal",
        name=body_name,
        reason="加盖人民调解委员会印章",
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    hand = signers.PdfSigner(meta, signer=signer, new_field_spec=fields.SigFieldSpec("Seal"))
    session = hand.init_signing_session(IncrementalPdfFileWriter(io.BytesIO(pdf)))
    session.system_time = at  # its own clock would be the machine's
    prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=_RESERVED)
    out = io.BytesIO()
    digest, _out = prepared.digest_tbs_document(output=out)
    done = await prepared.perform_signature(
        document_digest=digest.document_digest, pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=at)
    )
    await done.post_signature_processing(out)
    return out.getvalue()


def adapter(settings: Settings) -> Seal:
    """The seal adapter of this service. Raises RuntimeError for an unknown name."""
    if settings.seal_adapter != "drawn":
        raise RuntimeError(f"There is no seal adapter {settings.seal_adapter!r}.")
    return DrawnSeal(settings)
