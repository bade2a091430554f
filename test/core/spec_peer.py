"""The other implementation: computes the vectors from docs/spec/handshake.md and session.md alone, given their secrets.

Asked, one JSON line each:  {"op": "handshake" | "side" | "conversation", …}, bytes as hex. Answers: every value that comes up.
"""

import json
import sys

from spec_primitives import H, N, Refused, cbor, dh, fernet, hkdf, public_of, uncbor, unfernet
from spec_session import Session


def plain(value):
    """Bytes as hex, all the way down."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def raw(text):
    return bytes.fromhex(text)


def payload(envelope):
    """What a COSE_Sign1 envelope says (its signature is verified elsewhere)."""
    return uncbor(uncbor(envelope)[2])


# Handshake


class Fixed:
    """Draws for a session whose scalar is known and whose IVs are zeros."""

    def __init__(self, scalar=None):
        self.scalar = lambda: scalar
        self.iv = lambda: bytes(16)


def transcript(log, card_envelope, ek, ct, channel):
    bound = [N(log[0]), N(log[-1]), H(card_envelope), ek, ct, channel]
    return H(b"handfast/v1/handshake", cbor(bound))


def derive(h0, es1, es2, ss, se, ii, sealed, log_a):
    h1 = H(h0, sealed, N(log_a[0]), N(log_a[-1]))
    rk = hkdf(h1, es1 + es2 + ss + se + ii, "handfast/v1/root", 32)
    return h1, rk, hkdf(h1, es1 + es2 + ss, "handfast/v1/session", 16)


def initiator_side(asked):
    a, b, now = asked["initiator"], asked["responder"], asked["now"]
    log_a, log_b = [raw(one) for one in a["log"]], [raw(one) for one in b["log"]]
    card_envelope, ek = raw(b["card"]), raw(a["ek"])
    card = payload(card_envelope)
    ik_b = payload(log_b[-1])["devices"][card["device"]]["dh"]
    ct, ss = raw(a["ct"]), raw(a["ss"])
    es1, es2 = dh(ik_b, ek), dh(card["spk"], ek)
    se, ii = dh(card["spk"], raw(a["ik"])), dh(ik_b, raw(a["ik"]))
    h0 = transcript(log_b, card_envelope, public_of(ek), ct, raw(asked["channel"]))
    k0 = hkdf(h0, es1 + es2 + ss, "handfast/v1/identity", 32)
    identity = {"log": log_a, "device": asked["device"], "inc": raw(asked["inc"]), "seen": raw(asked["seen"])}
    sealed = fernet(k0, cbor(identity), now, bytes(16))
    h1, rk, id = derive(h0, es1, es2, ss, se, ii, sealed, log_a)
    session = Session(id, rk, now, Fixed(raw(a["ratchet"]))).initiate(card["spk"])
    rk1, ck = session.rk, session.sending["ck"]
    first, second = [session.send(raw(text), now) for text in (asked["first"], asked["second"])]
    hello = {
        "v": 1,
        "ek": public_of(ek),
        "card": H(card_envelope),
        "ct": ct,
        "sealed": sealed,
        "first": {"header": first["header"], "token": first["token"]},
    }
    return {
        "hello": cbor(hello),
        "session": id,
        "second": {"header": second["header"], "token": second["token"]},
        "steps": {"es1": es1, "es2": es2, "ct": ct, "ss": ss, "se": se, "ii": ii, "h0": h0, "k0": k0, "sealed": sealed}
        | {"h1": h1, "rk": rk, "rk1": rk1, "ck": ck},
        "messages": [{key: one[key] for key in ("mk", "fernetKey", "padded")} for one in (first, second)],
    }


def responder_side(asked, hello, second):
    """Opens what the initiator made, with B's own keys."""
    b, now = asked["responder"], asked["now"]
    log_b, card_envelope, hello = [raw(one) for one in b["log"]], raw(b["card"]), uncbor(hello)
    ik, spk, ss = raw(b["ik"]), raw(b["spk"]), raw(asked["initiator"]["ss"])
    ek = hello["ek"]
    es1, es2 = dh(ek, ik), dh(ek, spk)
    h0 = transcript(log_b, card_envelope, ek, hello["ct"], raw(asked["channel"]))
    sealed = uncbor(unfernet(hkdf(h0, es1 + es2 + ss, "handfast/v1/identity", 32), hello["sealed"]))
    ik_a = payload(sealed["log"][-1])["devices"][sealed["device"]]["dh"]
    h1, rk, id = derive(h0, es1, es2, ss, dh(ik_a, spk), dh(ik_a, ik), hello["sealed"], sealed["log"])
    session = Session(id, rk, now, Fixed(ik)).respond(spk)
    first = session.receive(hello["first"]["header"], hello["first"]["token"], now)
    return {
        "id": N(sealed["log"][0]),
        "device": sealed["device"],
        "inc": sealed["inc"],
        "seen": sealed["seen"],
        "first": first,
        "second": session.receive(second["header"], second["token"], now),
        "h1": h1,
    }


def handshake(asked):
    made = initiator_side(asked)
    return made | {"opened": responder_side(asked, made["hello"], made["second"])}


# One side of a session


class Queue:
    """Random bytes in the order in which they were drawn."""

    def __init__(self, drawn):
        left = [raw(one) for one in drawn]
        self.scalar = self.iv = lambda: left.pop(0)


def side(asked):
    session = Session(raw(asked["id"]), raw(asked["rootKey"]), asked["begun"], Queue(asked["random"]))
    session.initiate(raw(asked["remote"])) if asked["role"] == "initiator" else session.respond(raw(asked["self"]))
    steps = []
    for step in asked["steps"]:
        if "send" in step:
            made = session.send(raw(step["send"]), step["now"])
            steps.append({"header": made["header"], "token": made["token"]})
        else:
            steps.append({"receive": session.receive(raw(step["header"]), raw(step["token"]), step["now"])})
    answer = {"steps": steps}
    if "message" in asked:
        before, message = session.snapshot(), asked["message"]
        try:
            session.receive(raw(message["header"]), raw(message["token"]), asked["now"])
        except Refused as refused:
            answer["error"] = refused.code
        answer["unchanged"] = session.snapshot() == before
    return answer


# A conversation


class Recorded:
    """What was drawn in the chains of one side; `chains` are all, as only their sender's and the other's answers meet in them."""

    def __init__(self, name, chains, ivs):
        own = [chain for chain in chains if chain["sender"] == name]
        scalars, kems = [chain["self"] for chain in own], [chain for chain in own if "kem" in chain]
        answers = [chain for chain in chains if "ct" in chain]
        self.scalar = lambda: raw(scalars.pop(0))
        self.iv = lambda: raw(ivs.pop(0))
        self.answers = answers
        self.kem = lambda: (lambda chain: (raw(chain["kemSeed"]), raw(chain["kem"])))(kems.pop(0))
        mine = [chain for chain in own if "ct" in chain]
        self.encapsulate = lambda kem: (lambda chain: (raw(chain["ct"]), raw(chain["ss"])))(mine.pop(0))

    def decapsulate(self, seed, ct):
        return next(raw(chain["ss"]) for chain in self.answers if raw(chain["ct"]) == ct)


def conversation(asked):
    id, rk, spk, now = raw(asked["id"]), raw(asked["rootKey"]), raw(asked["spk"]), asked["begun"]
    ivs = asked["ivs"]
    draws = {name: Recorded(name, asked["chains"], ivs[name]) for name in ("initiator", "responder")}
    sides = {
        "initiator": Session(id, rk, now, draws["initiator"]).initiate(public_of(spk)),
        "responder": Session(id, rk, now, draws["responder"]).respond(spk),
    }
    chains, messages, received = [], [], []
    place = {}

    def note_chain(name):
        session = sides[name]
        place[name] = len(chains)
        self, remote, sending = session.self, session.remote, session.sending
        chain = {"sender": name, "remote": remote, "self": self, "dh": public_of(self), "shared": dh(remote, self)}
        if sending["answer"] is not None:
            ss = draws[name].decapsulate(None, sending["answer"])
            chain |= {"ct": sending["answer"], "ss": ss}
        chains.append(chain | {"rk": session.rk, "ck": sending["ck"]})

    note_chain("initiator")
    for event in asked["events"]:
        name, session = event["side"], sides[event["side"]]
        if "text" in event:
            made = session.send(raw(event["text"]), event["now"])
            if session.sending["kem"] is not None:
                chains[place[name]] |= {"kem": session.sending["kem"], "kemSeed": session.sending["offer"]}
            messages.append(made | {"chain": place[name], "now": event["now"], "plaintext": raw(event["text"])})
        else:
            before, message = session.self, messages[event["receive"]]
            received.append(session.receive(message["header"], message["token"], event["now"]))
            if session.self != before:
                note_chain(name)
    after = {name: session.snapshot() for name, session in sides.items()}
    return {"chains": chains, "messages": messages, "received": received, "after": after}


OPERATIONS = {"handshake": handshake, "side": side, "conversation": conversation}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(plain(OPERATIONS[asked["op"]](asked))), flush=True)
