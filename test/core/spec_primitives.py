"""What docs/spec/session.md §2 and identity.md build on, over Python's `cryptography`: deterministic CBOR, HKDF, ECDH, Fernet, padding."""

import hashlib
import hmac as hmac_module

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Refused(Exception):
    """A refusal with its stable code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def N(data):
    """BLAKE2b-256 (RFC 7693)."""
    return hashlib.blake2b(data, digest_size=32).digest()


def hmac(key, data):
    return hmac_module.new(key, data, hashlib.sha256).digest()


def hkdf(salt, ikm, info, size):
    return HKDF(algorithm=hashes.SHA256(), length=size, salt=salt, info=info.encode()).derive(ikm)


# P-256: private keys are 32 bytes, public ones 33


def private_key(scalar):
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def public_of(scalar):
    return private_key(scalar).public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def dh(point, scalar):
    """Raises ValueError when the point is not on the curve."""
    if len(point) != 33 or point[0] not in (2, 3):
        raise ValueError("not a compressed point")
    return private_key(scalar).exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))


# Fernet over raw tokens


def fernet(key, plaintext, time, iv):
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    body = b"\x80" + time.to_bytes(8, "big") + iv + ciphertext
    return body + hmac(key[:16], body)


def unfernet(key, token):
    """Raises ValueError when the token does not open."""
    body, mac = token[:-32], token[-32:]
    if len(token) < 73 or (len(token) - 57) % 16 != 0 or token[0] != 0x80:
        raise ValueError("no token")
    if not hmac_module.compare_digest(hmac(key[:16], body), mac):
        raise ValueError("does not verify")
    decryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(body[9:25])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    padded = decryptor.update(body[25:]) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


# Padding


def padme(size):
    if size < 2:
        return size
    e = size.bit_length() - 1
    s = e.bit_length()
    unit = 2 ** max(0, e - s)
    return -(-size // unit) * unit


def pad(plaintext):
    return (plaintext + b"\x80").ljust(padme(len(plaintext) + 1), b"\x00")


def unpad(padded):
    """Raises ValueError when it is not padded as it must be."""
    plaintext = padded.rstrip(b"\x00")[:-1]
    if pad(plaintext) != padded:
        raise ValueError("not padded")
    return plaintext


# Deterministic CBOR (RFC 8949 §4.2.1)


def cbor_head(major, number):
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 256**size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError("too large")


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(cbor, value))
    entries = sorted((cbor(key), cbor(item)) for key, item in value.items())
    return cbor_head(5, len(value)) + b"".join(key + item for key, item in entries)


def cbor_read(data, at=0):
    """One value and the place behind it."""
    major, number = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7 and number == 22:
        return None, at
    if number >= 24:
        size = {24: 1, 25: 2, 26: 4, 27: 8}[number]
        if at + size > len(data):
            raise ValueError("cut off")
        number, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major in (0, 1):
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        if at + number > len(data):
            raise ValueError("cut off")
        content = data[at : at + number]
        return (content if major == 2 else content.decode()), at + number
    items = []
    for _ in range(number if major == 4 else 2 * number):
        item, at = cbor_read(data, at)
        items.append(item)
    if major == 4:
        return items, at
    if major == 5:
        return dict(zip(items[::2], items[1::2])), at
    raise ValueError("not in this protocol")


def uncbor(data):
    """Raises ValueError when the bytes are not the one encoding of a value."""
    try:
        value, _ = cbor_read(data)
        if cbor(value) == data:
            return value
    except (IndexError, KeyError, TypeError):
        pass
    raise ValueError("not deterministic CBOR")
