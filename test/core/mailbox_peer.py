"""Another reader of docs/spec/mailbox.md, sections 1 and 5, and docs/spec/messages.md, section 2: answers JSON lines with what a vector must give.

Asked   {"folder": "parcel" | "fetch" | "places", "vector"}
Answers the fields of the vector that say what comes out, or {"error": code}

It shares no code with Handfast: what it builds on is in spec_primitives.py, ECDSA is `cryptography`'s.
"""

import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from spec_primitives import H, Refused, cbor, dh, fernet, hkdf, public_of, uncbor, unfernet

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
MAGIC, POINT, AROUND = b"hfbox1", 33, 97
SIZES = (2048, 8192, 32768, 131072)
WRITTEN_MAX = 2048


def need(holds, code):
    if not holds:
        raise Refused(code)


def raw(text):
    return bytes.fromhex(text)


# Parcels (§1)


def size_for(envelope):
    """The smallest size that holds the envelope and its 80; None when there is none."""
    return next((size for size in SIZES if len(envelope) + 1 <= size - AROUND), None)


def pad(envelope, size):
    return (envelope + b"\x80").ljust(size - AROUND, b"\x00")


def seal(vector):
    envelope, to = raw(vector["envelope"]) + bytes(vector["zeros"]), raw(vector["dh"])
    size, ek = size_for(envelope), raw(vector["ek"])
    need(size is not None, "ERR_MAILBOX_SIZE")
    try:
        shared = dh(to, ek)
    except ValueError:
        raise Refused("ERR_P256_POINT") from None
    k = hkdf(public_of(ek) + to, shared, "handfast/v1/parcel", 32)
    padded = pad(envelope, size)
    parcel = MAGIC + public_of(ek) + fernet(k, padded, 0, raw(vector["iv"]))
    assert open_parcel(parcel, raw(vector["self"])) == envelope
    answer = {"ekPublic": public_of(ek), "shared": shared, "k": k, "id": H(parcel)}
    if size <= WRITTEN_MAX:
        answer |= {"padded": padded, "parcel": parcel}
    return {name: value.hex() for name, value in answer.items()} | {"size": len(parcel)}


def open_parcel(parcel, self):
    try:
        if len(parcel) not in SIZES or parcel[: len(MAGIC)] != MAGIC:
            raise ValueError
        at = len(MAGIC) + POINT
        ek, token = parcel[len(MAGIC) : at], parcel[at:]
        padded = unfernet(hkdf(ek + public_of(self), dh(ek, self), "handfast/v1/parcel", 32), token)
        envelope = padded.rstrip(b"\x00")[:-1]
        if size_for(envelope) != len(parcel) or pad(envelope, len(parcel)) != padded:
            raise ValueError
        return envelope
    except ValueError:
        raise Refused("ERR_PARCEL") from None


def parcel(vector):
    if "envelope" in vector:
        return seal(vector)
    return {"opened": open_parcel(raw(vector["parcel"]), raw(vector["self"])).hex()}


# Fetch claims (§5)


def verifies(point, message, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if s > ORDER // 2:
        return False
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def fetch(vector):
    names = ("challenge", "channel", "mailbox", "recipient")
    claim = cbor({"v": 1} | {name: raw(vector[name]) for name in names})
    structure = cbor(["Signature1", b"\xa1\x01\x26", b"handfast/v1/mailbox-fetch", claim])
    proof = raw(vector["proof"])
    try:
        need(len(proof) <= 900, "ERR_MAILBOX_PROOF")
        protected, unprotected, payload, signature = uncbor(proof)
    except (ValueError, TypeError):
        raise Refused("ERR_MAILBOX_PROOF") from None
    need(protected == b"\xa1\x01\x26" and unprotected == {} and payload == claim, "ERR_MAILBOX_PROOF")
    need(isinstance(signature, bytes) and len(signature) == 64, "ERR_MAILBOX_PROOF")
    need(verifies(raw(vector["sign"]), structure, signature), "ERR_MAILBOX_PROOF")
    if "self" in vector:
        assert public_of(raw(vector["self"])) == raw(vector["sign"])
    return {"signed": claim.hex(), "structure": structure.hex()}


# Ids and places of messages (messages §2)


def places(vector):
    between = [raw(vector["from"]), raw(vector["to"]), vector["app"]]
    c = start = H(b"handfast/v1/sequence", cbor([*between, raw(vector["s"])]))
    ids, chain = [], []
    for one in vector["messages"]:
        m = H(b"handfast/v1/id-of-message", cbor([*between, raw(one["r"]), one["at"], raw(one["b"])]))
        c = H(b"handfast/v1/place", c, m)
        ids.append(m.hex())
        chain.append(c.hex())
    n = len(chain)
    back, step = n - 1, 1
    ladder = []
    while back >= 1:
        ladder.append(back)
        step *= 2
        back -= step
    if n > 1 and ladder[-1] != 1:
        ladder.append(1)
    return {"start": start.hex(), "ids": ids, "places": chain, "ladder": ladder}


FOLDERS = {"parcel": parcel, "fetch": fetch, "places": places}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = FOLDERS[asked["folder"]](asked["vector"])
    except Refused as refused:
        answer = {"error": refused.code}
    print(json.dumps(answer), flush=True)
