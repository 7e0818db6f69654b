"""The key that seals copies, with its certificates: made once, kept in the service's folder, the key itself sealed.

A chain made here proves that a copy came from this service and was not altered since. Who stands behind the service no
machine can prove by itself: a reader of PDFs trusts the root once it was imported, or a city plugs its own seal in.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from odr.core import clock, crypto

_BITS = 3072
_LIFE = timedelta(days=3650)
_ROOT, _CERTIFICATE, _KEY = "root.pem", "certificate.pem", "key.sealed"
_SIGNS_DOCUMENTS = ObjectIdentifier("1.3.6.1.5.5.7.3.36")


@dataclass(frozen=True)
class SealKeys:
    """The root's certificate, the signer's, and the signer's private key, all as PEM."""

    root: bytes
    certificate: bytes
    key: bytes


def keys(folder: Path, name: str) -> SealKeys:
    """The keys in `folder`, made there for `name` when there are none. Slow the first time: call it in a thread.

    Several processes may come at once: whoever is first to move its folder into place has made them for all.
    """
    if not (folder / _KEY).exists():
        _make(folder, name)
    key = crypto.keyring().unseal((folder / _KEY).read_bytes())
    return SealKeys((folder / _ROOT).read_bytes(), (folder / _CERTIFICATE).read_bytes(), key.encode())


def _make(folder: Path, name: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".seal-", dir=folder.parent))
    try:
        root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=_BITS) for _ in range(2))
        now = clock.now()
        root_name = _name(f"{name} 根证书")
        root = (
            _certificate(root_name, root_name, root_key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        # The root's private key is not kept: nobody can make a second signer that looks like this one.
        certificate = (
            _certificate(_name(name), root_name, key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([_SIGNS_DOCUMENTS]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        (draft / _ROOT).write_bytes(root.public_bytes(pem))
        (draft / _CERTIFICATE).write_bytes(certificate.public_bytes(pem))
        (draft / _KEY).write_bytes(crypto.keyring().seal(plain))
        (draft / _KEY).chmod(0o600)
        try:
            os.rename(draft, folder)
        except OSError:
            if not (folder / _KEY).exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
