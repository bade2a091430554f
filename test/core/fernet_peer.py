"""The other Fernet: answers JSON lines with Python's `cryptography`. Bytes travel as base64.

Asked   {"op": "encrypt", "key", "data", "time"}           {"op": "decrypt", "key", "token", "ttl"?, "time"?}  {"op": "key"}
Answers {"token"}                                          {"data"} or {"error"}                               {"key"}
"""

import base64
import json
import sys

from cryptography.fernet import Fernet, InvalidToken


def answer(asked):
    if asked["op"] == "key":
        return {"key": Fernet.generate_key().decode()}
    try:
        fernet = Fernet(asked["key"])
    except ValueError:
        return {"error": "key"}
    if asked["op"] == "encrypt":
        data = base64.b64decode(asked["data"])
        return {"token": fernet.encrypt_at_time(data, asked["time"]).decode()}
    token = asked["token"].encode()
    try:
        if "ttl" in asked:
            data = fernet.decrypt_at_time(token, asked["ttl"], asked["time"])
        else:
            data = fernet.decrypt(token)
    except InvalidToken:
        return {"error": "token"}
    return {"data": base64.b64encode(data).decode()}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
