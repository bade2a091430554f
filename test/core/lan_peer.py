"""Another reader of docs/spec/lan.md, section 2: answers JSON lines with what a vector must give.

Asked   {"folder": "beacon", "vector"}
Answers the fields of the vector that say what comes out

It shares no code with Handfast.
"""

import hashlib
import hmac
import json
import socket
import struct
import sys


def mac(key, label, nonce, host, port):
    data = label + nonce + socket.inet_aton(host) + struct.pack(">H", port)
    return hmac.new(key, data, hashlib.sha256).digest()[:16]


def beacon(vector):
    key, data = bytes.fromhex(vector["id"]), bytes.fromhex(vector["datagram"])
    if len(data) != 38:
        return {"result": "none"}
    head, kind, nonce, node, given = struct.unpack(">3sB16sH16s", data)
    if head != b"HF\x01" or kind != (1 if node else 0):
        return {"result": "none"}
    said = {"nonce": nonce.hex(), "node": node}
    if kind == 0:
        made = mac(key, b"handfast/v1/beacon-question", nonce, vector["host"], vector["port"])
    else:
        made = mac(key, b"handfast/v1/beacon-answer", nonce, vector["host"], node)
    result = ("answer" if kind else "question") if hmac.compare_digest(made, given) else "another"
    return {"result": result, **said}


for line in sys.stdin:
    print(json.dumps(beacon(json.loads(line)["vector"])), flush=True)
