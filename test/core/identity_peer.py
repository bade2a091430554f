"""Another reader of docs/spec/identity.md, sections 1, 2, 4 and 5: answers JSON lines with what a vector must give.

Asked   {"folder": "address" | "key-log" | "card" | "floor", "vector"}
Answers the fields of the vector that say what comes out, or {"error": code}

It shares no code with Handfast: CBOR, COSE_Sign1 and bech32m are read by hand, ECDSA is `cryptography`'s.
"""

import hashlib
import json
import string
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.hashes import SHA256

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HOUR, WEEK = 3600, 7 * 24 * 3600


class Refused(Exception):
    pass


def check(holds, code):
    if not holds:
        raise Refused(code)


def sha256(data):
    return hashlib.sha256(data).digest()


def name_of(data):
    """B of the specification: BLAKE2b-256 (RFC 7693)."""
    return hashlib.blake2b(data, digest_size=32).digest()


# Deterministic CBOR (RFC 8949, 4.2.1): what is not in its one form is a ValueError.
def need(holds):
    if not holds:
        raise ValueError


def read(data, at=0, depth=0):
    need(depth <= 16 and at < len(data))
    major, short = data[at] >> 5, data[at] & 31
    if major == 7:
        need(short in (20, 21, 22))
        return {20: False, 21: True, 22: None}[short], at + 1
    need(short <= 27 and major != 6)
    size = 0 if short < 24 else 1 << (short - 24)
    number = short if size == 0 else int.from_bytes(data[at + 1 : at + 1 + size])
    need(at + 1 + size <= len(data) and (size == 0 or number >= (24 if size == 1 else 1 << (4 * size))))
    need(number < 1 << 53)
    at += 1 + size
    if major in (0, 1):
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        need(at + number <= len(data))
        part = data[at : at + number]
        return (part if major == 2 else part.decode()), at + number
    items, before = ([], None) if major == 4 else ({}, b"")
    for _ in range(number):
        start = at
        one, at = read(data, at, depth + 1)
        if major == 4:
            items.append(one)
            continue
        need(isinstance(one, str) and before < data[start:at])
        before = data[start:at]
        items[one], at = read(data, at, depth + 1)
    return items, at


def decode(data):
    value, end = read(data)
    need(end == len(data))
    return value


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    size = 0 if number < 1 << 8 else 1
    return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size)


def point(data):
    need(isinstance(data, bytes) and len(data) == 33)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)


# COSE_Sign1 (RFC 9052, 4.2): payload and signature.
def open_envelope(envelope):
    protected, unprotected, payload, signature = need_list(decode(envelope))
    need(protected == b"\xa1\x01\x26" and unprotected == {})
    need(isinstance(payload, bytes) and isinstance(signature, bytes) and len(signature) == 64)
    return payload, signature


def need_list(value):
    need(isinstance(value, list))
    return value


def verifies(payload, signature, key, label):
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if s > ORDER // 2:
        return False
    signed = b"\x84" + b"".join(
        head(major, len(part)) + part
        for major, part in ((3, b"Signature1"), (2, b"\xa1\x01\x26"), (2, label.encode()), (2, payload))
    )
    try:
        point(key).verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def id_of(address):
    """The 32 bytes of an address (identity.md §1, BIP-350)."""
    if all(" " <= letter <= "~" and not letter.islower() for letter in address):
        address = address.lower()
    check(address.startswith("hf1"), "ERR_ADDRESS_PREFIX")
    check(len(address) == 61, "ERR_ADDRESS_LENGTH")
    check(all(letter in string.ascii_lowercase + string.digits for letter in address), "ERR_ADDRESS_FORMAT")
    check(all(letter in LETTERS for letter in address[3:]), "ERR_ADDRESS_CHECKSUM")
    words = [LETTERS.index(letter) for letter in address[3:]]
    checksum = 1
    for word in [3, 3, 0, 8, 6, *words]:  # hf, spread
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ word
        for bit, value in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= value if top >> bit & 1 else 0
    bits = "".join(f"{word:05b}" for word in words[:-6])
    check(checksum == 0x2BC830A3 and int(bits[256:], 2) == 0, "ERR_ADDRESS_CHECKSUM")
    return int(bits[:256], 2).to_bytes(32)


def shaped(value, fields):
    """A map of exactly these fields, each as its reader wants it."""
    need(isinstance(value, dict) and set(value) == set(fields))
    for name, holds in fields.items():
        need(holds(value[name]))
    return value


def uint(most=1 << 53):
    return lambda value: type(value) is int and 0 <= value <= most


def size(least, most=None):
    return lambda value: isinstance(value, bytes) and least <= len(value) <= (most or least)


def items(holds, least, most):
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(holds, value))


def is_point(value):
    return point(value) is not None


def is_device(value):
    return bool(shaped(value, {"sign": is_point, "dh": is_point}))


ENTRY = {
    "v": lambda value: type(value) is int and value == 1,
    "seq": uint(),
    "prev": lambda value: value is None or size(32)(value),
    "root": is_point,
    "next": size(32),
    "slot": size(32),
    "after": size(32),
    "devices": items(is_device, 0, 7),
    "status": lambda value: value in ("active", "retired", "bridge"),
    "time": uint(),
}
CARD = {
    **{"v": ENTRY["v"], "id": size(32), "head": size(32), "seq": uint(), "device": uint(6), "serial": uint(), "inc": size(16)},
    **{"from": uint(), "until": uint(), "spk": is_point, "kem": items(size(32), 2, 2), "transport": size(32)},
    "mailboxes": items(size(32), 0, 3),
    "relays": items(size(32), 0, 1),
}
LIVE_CARD = {**CARD, "channel": size(32, 64)}


def open_as(fields, envelope, codes):
    check(len(envelope) <= 900, codes + "SIZE")
    try:
        payload, signature = open_envelope(envelope)
        return shaped(decode(payload), fields), payload, signature
    except ValueError:
        raise Refused(codes + "DECODE") from None


def verify_log(identity, envelopes):
    check(envelopes, "ERR_LOG_EMPTY")
    check(len(envelopes) <= 64, "ERR_LOG_TOO_LONG")
    check(name_of(envelopes[0]) == identity, "ERR_LOG_ADDRESS")
    before, hashes, epoch = None, [], 0
    for number, envelope in enumerate(envelopes):
        entry, payload, signature = open_as(ENTRY, envelope, "ERR_LOG_")
        check((entry["status"] == "bridge") == (not entry["devices"]), "ERR_LOG_DECODE")
        check(entry["seq"] == number, "ERR_LOG_SEQ")
        check(entry["prev"] == (hashes[-1] if hashes else None), "ERR_LOG_PREV")
        check(before is None or before["status"] != "retired", "ERR_LOG_RETIRED")
        check(verifies(payload, signature, entry["root"], "handfast/v1/keylog"), "ERR_LOG_SIGNATURE")
        if before is not None and entry["root"] == before["root"]:
            check(entry["next"] == before["next"], "ERR_LOG_NEXT")
            check(all(entry[name] == before[name] for name in ("slot", "after")), "ERR_LOG_SLOT")
            check("bridge" not in (before["status"], entry["status"]), "ERR_LOG_BRIDGE")
        elif before is not None:
            committed = sha256(entry["root"] + entry["after"] + entry["next"])
            check(committed == before["next"], "ERR_LOG_ROOT")
            check(name_of(entry["slot"]) == before["after"], "ERR_LOG_SLOT")
            epoch += 1
        else:
            check(entry["status"] != "bridge", "ERR_LOG_BRIDGE")
        check(before is None or entry["time"] >= before["time"], "ERR_LOG_TIME_BACK")
        before = entry
        hashes.append(name_of(envelope))
    check(before["status"] != "bridge", "ERR_LOG_BRIDGE")
    return {"id": identity, "hashes": hashes, "entry": before, "epoch": epoch}


def relation(a, b):
    (shorter, longer), names = sorted((log["hashes"] for log in (a, b)), key=len), ("longer", "shorter")
    if longer[: len(shorter)] == shorter:
        return "same" if len(shorter) == len(longer) else names[longer is b["hashes"]]
    return "fork" if a["epoch"] == b["epoch"] else "supersedes" if a["epoch"] > b["epoch"] else "superseded"


def verify_card(envelope, log, now, channel=None):
    fields, label = (CARD, "handfast/v1/card") if channel is None else (LIVE_CARD, "handfast/v1/live-card")
    card, payload, signature = open_as(fields, envelope, "ERR_CARD_")
    entry = log["entry"]
    check(card["id"] == log["id"], "ERR_CARD_ID")
    check(card["seq"] == entry["seq"] and card["head"] == log["hashes"][-1], "ERR_CARD_HEAD")
    check(entry["status"] == "active", "ERR_CARD_RETIRED")
    check(card["device"] < len(entry["devices"]), "ERR_CARD_DEVICE")
    key = entry["devices"][card["device"]]["sign"]
    check(verifies(payload, signature, key, label), "ERR_CARD_SIGNATURE")
    check(card["from"] < card["until"] <= card["from"] + WEEK, "ERR_CARD_WINDOW")
    check(card["from"] <= now + HOUR and card["serial"] <= (now + HOUR) * 1000, "ERR_CARD_AHEAD")
    if channel is not None:
        check(now < card["until"], "ERR_CARD_EXPIRED")
        check(card["channel"] == channel, "ERR_CARD_CHANNEL")
    return card


def all_bytes(texts):
    return [bytes.fromhex(text) for text in texts]


def run_address(vector):
    return {"output": id_of(vector["input"]).hex()}


def run_key_log(vector):
    identity = id_of(vector["address"])
    log = verify_log(identity, all_bytes(vector["envelopes"]))
    entry = log["entry"]
    found = {"head": log["hashes"][-1].hex(), "seq": entry["seq"], "epoch": log["epoch"], "status": entry["status"]}
    if "other" in vector:
        found["relation"] = relation(log, verify_log(identity, all_bytes(vector["other"])))
    return found


def run_card(vector):
    log = verify_log(id_of(vector["address"]), all_bytes(vector["log"]))
    envelope = bytes.fromhex(vector["card"])
    channel = bytes.fromhex(vector["channel"]) if "channel" in vector else None
    card = verify_card(envelope, log, vector["now"], channel)
    if "kem" in vector:
        kem = bytes.fromhex(vector["kem"])
        check(len(kem) == 1184 and [name_of(kem[:592]), name_of(kem[592:])] == card["kem"], "ERR_CARD_KEM")
    found = {name: card[name] for name in ("serial", "until", "device")}
    return {**found, "inc": card["inc"].hex(), "hash": sha256(envelope).hex(), "current": vector["now"] < card["until"]}


def run_floor(vector):
    log = verify_log(id_of(vector["address"]), all_bytes(vector["log"]))
    served = None
    if vector["card"] is not None:
        card = verify_card(bytes.fromhex(vector["card"]), log, vector["now"])
        keys = log["entry"]["devices"][card["device"]]
        name = sha256(b"handfast/v1/device" + keys["sign"] + keys["dh"])[:16].hex()
        served = {"device": name, "serial": card["serial"], "inc": card["inc"].hex()}
    floor, last = vector["floor"], log["hashes"][-1].hex()
    change, devices = "none", {}
    if floor is not None:
        kept = log["hashes"][floor["seq"] : floor["seq"] + 1] == [bytes.fromhex(floor["head"])]
        if not kept and log["epoch"] <= floor["epoch"]:
            level = log["epoch"] == floor["epoch"] and log["entry"]["seq"] >= floor["seq"]
            raise Refused("ERR_LOG_FORK" if level else "ERR_ROLLBACK")
        same = last == floor["head"]
        if same:
            devices = {one["device"]: one for one in floor["devices"]}
            if served is not None and served["device"] in devices:
                check(served["serial"] >= devices[served["device"]]["serial"], "ERR_ROLLBACK")
        else:
            change = "superseded" if not kept else "rotated" if log["epoch"] > floor["epoch"] else "updated"
    if served is not None:
        known = devices.get(served["device"])
        # Of equal serials the higher incarnation, so that everybody has the same.
        key = lambda one: (one["serial"], one["inc"])
        devices[served["device"]] = served if known is None else max(known, served, key=key)
    devices = [devices[name] for name in sorted(devices)]
    raised = {"epoch": log["epoch"], "seq": log["entry"]["seq"], "head": last, "devices": devices}
    return {"change": change, "raised": raised}


NAMESPACE = bytes.fromhex("668e823edd5ce7f5338d68bf1161f4a3c28ce437ee2ab49efd30d99366039b1e")
CLOSED = (1 << 53) - 1


def number(value):
    """An unsigned number as HyperDHT writes it."""
    if value <= 0xFC:
        return bytes([value])
    size = 2 if value < 1 << 16 else 4 if value < 1 << 32 else 8
    return bytes([{2: 0xFD, 4: 0xFE, 8: 0xFF}[size]]) + value.to_bytes(size, "little")


def signed_by(slot, seq, value, signature):
    """slots.md §2."""
    if seq > CLOSED:
        return False
    signed = NAMESPACE + name_of(number(seq) + number(len(value)) + value)
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(slot).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def run_slot(vector):
    value, place, seq = bytes.fromhex(vector["value"]), bytes.fromhex(vector["place"]), vector["seq"]
    check(len(value) <= 986, "ERR_SLOT_SIZE")
    try:
        content = decode(value)
        moved = isinstance(content, dict) and "moved" in content
        rest = {"moved": size(32)} if moved else {"card": size(1, 900)}
        content = shaped(content, {"v": ENTRY["v"], "slot": size(32), **rest})
    except ValueError:
        raise Refused("ERR_SLOT_DECODE") from None
    slot = content["slot"]
    check(name_of(slot) == place, "ERR_SLOT_PLACE")
    check(signed_by(slot, seq, value, bytes.fromhex(vector["signature"])), "ERR_SLOT_SIGNATURE")
    if moved:
        check(seq == CLOSED, "ERR_SLOT_SEQ")
        return {"output": {"slot": slot.hex(), "moved": content["moved"].hex()}}
    try:
        card, _, _ = open_as(CARD, content["card"], "ERR_CARD_")
    except Refused:
        raise Refused("ERR_SLOT_DECODE") from None
    check(seq == card["serial"] < CLOSED, "ERR_SLOT_SEQ")
    output = {"slot": slot.hex(), "card": content["card"].hex(), "id": card["id"].hex(), "head": card["head"].hex()}
    return {"output": {**output, "serial": card["serial"]}}


RUNS = {
    **{"address": run_address, "key-log": run_key_log, "card": run_card, "floor": run_floor},
    "slot": run_slot,
}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = RUNS[asked["folder"]](asked["vector"])
    except Refused as refusal:
        answer = {"error": str(refusal)}
    print(json.dumps(answer), flush=True)
