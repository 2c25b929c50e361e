"""The certificate that the twin's databases show: self-signed, for the loopback."""

import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path

_FROM, _TO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)  # the twin's clock may stand anywhere


def context(folder: Path) -> ssl.SSLContext:
    """Return what encrypts connections, with a certificate that clients find as `server.crt` in the folder."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    certificate, key = folder / "server.crt", folder / "server.key"
    _write(certificate, key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def _write(certificate: Path, key: Path) -> None:
    """Make a certificate with its key, which nobody but its owner may read."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "databases of a Strongroom twin")])
    alternatives = [x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
