"""
The certificates of TLS between devices, services and their broker: one authority of the
operator's own, and what it signs. EC keys on P-256, since MicroPython's mbedTLS knows no Ed25519.

They begin at 2000-01-01: a board without the time believes it is that day, and must get in to
be told better. Who is to be let in no longer is taken off the broker's list, whatever the date.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.errors import ProvisionError

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280, 4.1.2.5: no well-defined end
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER


@dataclass(frozen=True)
class Certified:
    """A certificate with its secret key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(_PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(_DER)

    def key_pem(self) -> bytes:
        return self._key(_PEM, serialization.PrivateFormat.PKCS8)

    def key_der(self) -> bytes:
        return self._key(_DER, serialization.PrivateFormat.TraditionalOpenSSL)

    def write(self, folder: Path, name: str) -> None:
        """name.pem, and name.key for its owner's eyes. Raises FileExistsError rather than lose a key."""
        secret = folder / f"{name}.key"
        secret.touch(0o600, exist_ok=False)
        secret.write_bytes(self.key_pem())
        (folder / f"{name}.pem").write_bytes(self.pem)

    def _key(self, encoding: serialization.Encoding, form: serialization.PrivateFormat) -> bytes:
        return self.key.private_bytes(encoding, form, serialization.NoEncryption())


def authority(name: str) -> Certified:
    """A new authority, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = _begin(_named(name), _named(name), key)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_usage(signs_certificates=True), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Certified(made.sign(key, hashes.SHA256()), key)


def read_authority(certificate: Path, secret: Path) -> Certified:
    """From files in PEM. Raises ProvisionError."""
    try:
        key = serialization.load_pem_private_key(secret.read_bytes(), None)
        public = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise ProvisionError(f"{certificate}, {secret}: want PEM, and no passphrase: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != public.public_key():
        raise ProvisionError(f"{secret} is not the EC key of {certificate}")
    return Certified(public, key)


def for_broker(by: Certified, names: list[str]) -> Certified:
    """For a broker that is reached by these names or addresses."""
    known = x509.SubjectAlternativeName([_address(name) for name in names])
    return _issue(by, names[0], ExtendedKeyUsageOID.SERVER_AUTH, known)


def for_client(by: Certified, identity: str) -> Certified:
    """For a device or service: its common name is its id in hex, and so its user name at the broker."""
    return _issue(by, identity, ExtendedKeyUsageOID.CLIENT_AUTH)


def device_files(by: Certified, device_id: bytes) -> dict[str, bytes]:
    """What firmware/secure.py reads from a device's flash: whom to believe, and who it is."""
    own = for_client(by, device_id.hex())
    return {"tls-ca.der": by.der, "tls-device.der": own.der, "tls-key.der": own.key_der()}


def _issue(by: Certified, name: str, usage: x509.ObjectIdentifier, *extensions: x509.ExtensionType) -> Certified:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _begin(_named(name), by.certificate.subject, key)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_certificates=False), critical=True)
    made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    for extension in (issuer, *extensions):
        made = made.add_extension(extension, critical=False)
    return Certified(made.sign(by.key, hashes.SHA256()), key)


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return made.serial_number(x509.random_serial_number()).not_valid_before(BEGIN).not_valid_after(END)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _address(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
