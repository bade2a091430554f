"""A session, written from docs/spec/session.md alone. ML-KEM is not in Debian's `cryptography`: whoever uses it says what it gave."""

from spec_primitives import H, Refused, cbor, dh, fernet, hkdf, hmac, pad, public_of, uncbor, unfernet, unpad

SKIP_MAX = 1000
KEPT_MAX = 2000
WEEK = 7 * 24 * 3600
KEM_MESSAGES = 32
KEM_AGE = 3600
SIZES = (16, 33, None, None, 1184, 1088)


def root_step(rk, remote, self, ss):
    okm = hkdf(rk, dh(remote, self) + ss, "handfast/v1/ratchet", 64)
    return okm[:32], okm[32:]


def read_header(data):
    try:
        header = uncbor(data)
        fits = isinstance(header, list) and len(header) == 6
        for index, (field, size) in enumerate(zip(header, SIZES)):
            if size is None:
                fits = fits and isinstance(field, int) and 0 <= field < 2**32
            else:
                fits = fits and (isinstance(field, bytes) and len(field) == size or field is None and index > 3)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise Refused("ERR_SESSION_HEADER")
    return header


class Session:
    def __init__(self, id, rk, now, draws):
        """`draws` gives what is random: scalar(), iv(), kem() → (seed, public key), encapsulate(public key) → (ct, ss),
        decapsulate(seed, ct) → ss."""
        self.id, self.rk, self.draws = id, rk, draws
        self.self = self.remote = self.sending = self.receiving = None
        self.pn, self.skipped, self.since, self.messages = 0, {}, now, 0

    def initiate(self, remote):
        self.remote, self.self = remote, self.draws.scalar()
        self.rk, ck = root_step(self.rk, remote, self.self, b"")
        self.sending = {"ck": ck, "n": 0, "offer": None, "kem": None, "answer": None}
        return self

    def respond(self, scalar):
        self.self = scalar
        return self

    def count(self):
        self.messages = min(self.messages + 1, KEM_MESSAGES)

    def forget(self, now):
        return {name: kept for name, kept in self.skipped.items() if kept[1] + WEEK >= now}

    def send(self, plaintext, now):
        """Every value that comes up, by its name."""
        chain = self.sending
        if chain is None:
            raise Refused("ERR_SESSION_NOT_READY")
        if chain["n"] == 0 and (self.messages >= KEM_MESSAGES or now - self.since >= KEM_AGE):
            chain["offer"], chain["kem"] = self.draws.kem()
        ck, iv = chain["ck"], self.draws.iv()
        header = cbor([self.id, public_of(self.self), self.pn, chain["n"], chain["kem"], chain["answer"]])
        mk = hmac(ck, b"\x01")
        key = hkdf(H(header), mk, "handfast/v1/message", 32)
        padded = pad(plaintext)
        token = fernet(key, padded, now, iv)
        chain["ck"], chain["n"] = hmac(ck, b"\x02"), chain["n"] + 1
        self.skipped = self.forget(now)
        self.count()
        return {"ck": ck, "mk": mk, "header": header, "fernetKey": key, "padded": padded, "token": token, "iv": iv}

    def open(self, mk, header, token):
        try:
            return unpad(unfernet(hkdf(H(header), mk, "handfast/v1/message", 32), token))
        except ValueError:
            raise Refused("ERR_SESSION_TOKEN") from None

    def walk(self, point, ck, n, until):
        if until - n > SKIP_MAX:
            raise Refused("ERR_SESSION_SKIP")
        passed = []
        while n < until:
            passed.append(((point, n), hmac(ck, b"\x01")))
            ck, n = hmac(ck, b"\x02"), n + 1
        return ck, passed

    def receive(self, data, token, now):
        id, point, pn, n, kem, ct = header = read_header(data)
        if id != self.id:
            raise Refused("ERR_SESSION_OTHER")
        parts = H(cbor(header[4:]))
        chain = self.receiving
        present = chain is not None and point == self.remote
        if present and parts != chain["parts"]:
            raise Refused("ERR_SESSION_HEADER")

        skipped = self.forget(now)
        if (point, n) in skipped:
            plaintext = self.open(skipped[point, n][0], data, token)
            del skipped[point, n]
            self.skipped = skipped
            self.count()
            return plaintext
        if present and n < chain["n"]:
            raise Refused("ERR_SESSION_DUPLICATE")

        rk, ck, start, before = self.rk, None, 0, []
        if present:
            ck, start = chain["ck"], chain["n"]
        else:
            offer = self.sending["offer"] if self.sending else None
            if (ct is None) != (offer is None):
                raise Refused("ERR_SESSION_HEADER")
            if chain is not None:
                _, before = self.walk(self.remote, chain["ck"], chain["n"], pn)
            ss = b"" if ct is None else self.draws.decapsulate(offer, ct)
            try:
                rk, ck = root_step(rk, point, self.self, ss)
            except ValueError:
                raise Refused("ERR_SESSION_HEADER") from None
        ck, passed = self.walk(point, ck, start, n)
        plaintext = self.open(hmac(ck, b"\x01"), data, token)

        for name, mk in before + passed:
            skipped[name] = (mk, now)
        self.skipped = dict(list(skipped.items())[-KEPT_MAX:])
        self.receiving = {"ck": hmac(ck, b"\x02"), "n": n + 1, "parts": parts}
        if not present:
            self.pn = self.sending["n"] if self.sending else 0
            self.remote, self.self = point, self.draws.scalar()
            answer, ss = (None, b"") if kem is None else self.draws.encapsulate(kem)
            self.rk, ck = root_step(rk, point, self.self, ss)
            self.sending = {"ck": ck, "n": 0, "offer": None, "kem": None, "answer": answer}
        if not present and (kem is not None or ct is not None):
            self.since, self.messages = now, 0
        else:
            self.count()
        return plaintext

    def snapshot(self):
        sending, receiving = self.sending, self.receiving
        return cbor(
            {
                "v": 1,
                "id": self.id,
                "rk": self.rk,
                "self": self.self,
                "remote": self.remote,
                "sending": sending and {key: sending[key] for key in ("ck", "n", "offer", "answer")},
                "receiving": receiving,
                "pn": self.pn,
                "skipped": [[point, n, mk, time] for (point, n), (mk, time) in self.skipped.items()],
                "since": self.since,
                "messages": self.messages,
            }
        )
