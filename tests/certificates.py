"""A key and a certificate that a mail server of a test signs for itself, made with nothing but arithmetic."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

BITS = 2048
EXPONENT = 65537
SHA256_WITH_RSA, RSA, COMMON_NAME, ALTERNATIVE = (
    bytes.fromhex(code) for code in ("06092a864886f70d01010b", "06092a864886f70d010101", "0603550403", "0603551d11")
)
NOTHING = bytes.fromhex("0500")
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def a_context(folder: Path, host: str = "mail.prima.example") -> ssl.SSLContext:
    """What a server needs to speak TLS under that name."""
    file = folder / "server.pem"
    file.write_text(_pem_of(host))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@cache
def _pem_of(host: str) -> str:
    """Key and certificate in one text."""
    p, q = _prime(BITS // 2), _prime(BITS // 2)
    n, d = p * q, pow(EXPONENT, -1, (p - 1) * (q - 1))
    key = _sequence(*map(_integer, (0, n, EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))
    name = _sequence(_tagged(0x31, _sequence(COMMON_NAME, _tagged(0x0C, host.encode()))))
    algorithm = _sequence(SHA256_WITH_RSA, NOTHING)
    public = _sequence(_sequence(RSA, NOTHING), _bits(_sequence(_integer(n), _integer(EXPONENT))))
    today = datetime.now(UTC)
    lasts = _sequence(_moment(today - timedelta(days=1)), _moment(today + timedelta(days=1)))
    named = _sequence(ALTERNATIVE, _tagged(0x04, _sequence(_tagged(0x82, host.encode()))))
    serial = _integer(secrets.randbits(64))
    content = _sequence(
        _tagged(0xA0, _integer(2)), serial, algorithm, name, lasts, name, public, _tagged(0xA3, _sequence(named))
    )
    padded = b"\0\1" + b"\xff" * (BITS // 8 - 54) + b"\0" + SHA256_INFO + hashlib.sha256(content).digest()
    signature = pow(int.from_bytes(padded, "big"), d, n).to_bytes(BITS // 8, "big")
    certificate = _sequence(content, algorithm, _bits(signature))
    return _pem("RSA PRIVATE KEY", key) + _pem("CERTIFICATE", certificate)


def _prime(bits: int) -> int:
    while True:
        found = secrets.randbits(bits) | 3 << bits - 2 | 1
        if all(found % small for small in range(3, 2000, 2)) and found % EXPONENT != 1 and _probably_prime(found):
            return found


def _probably_prime(n: int) -> bool:
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _turn in range(8):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x in (1, n - 1):
            continue
        for _square in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes((tag, length)) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tagged(0x03, b"\0" + content)


def _moment(at: datetime) -> bytes:
    return _tagged(0x17, at.strftime("%y%m%d%H%M%SZ").encode())


def _pem(label: str, content: bytes) -> str:
    text = base64.encodebytes(content).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"
