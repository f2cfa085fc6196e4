# SPDX-License-Identifier: Apache-2.0
"""Keys and signatures of an application (RFC 7515, 7518) in plain Python: a
second implementation beside the server's. For tests alone: neither its time nor
its randomness is fit for a secret."""
import base64
import functools
import hashlib
import json
import secrets

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DIGEST_INFO = {
    256: bytes.fromhex("3031300d060960864801650304020105000420"),
    384: bytes.fromhex("3041300d060960864801650304020205000430"),
    512: bytes.fromhex("3051300d060960864801650304020305000440")}


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(n, size=None):
    return b64url(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))


def digest(bits, data):
    return hashlib.new(f"sha{bits}", data).digest()


# ---- RSA --------------------------------------------------------------------

SMALL = [n for n in range(3, 2000, 2)
         if all(n % d for d in range(3, int(n ** 0.5) + 1, 2))]


def prime(bits):
    while True:
        n = secrets.randbits(bits) | 3 << bits - 2 | 1
        if n % 65537 == 1 or any(n % p == 0 for p in SMALL):
            continue
        d, s = n - 1, 0
        while d % 2 == 0:
            d, s = d // 2, s + 1
        for _ in range(8):
            x = pow(secrets.randbelow(n - 3) + 2, d, n)
            if x not in (1, n - 1) and not any(
                    (x := x * x % n) == n - 1 for _ in range(s - 1)):
                break
        else:
            return n


class Rsa:
    def __init__(self, bits=2048):
        p, q = prime(bits // 2), prime(bits // 2)
        self.n, self.size = p * q, bits // 8
        self.d = pow(65537, -1, (p - 1) * (q - 1))
        self.jwk = {"kty": "RSA", "n": number(self.n), "e": "AQAB"}

    def _raw(self, block):
        return pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(
            self.size, "big")

    def sign(self, alg, data):
        bits = int(alg[2:])
        if alg.startswith("PS"):
            return self._raw(self._pss(bits, digest(bits, data)))
        end = DIGEST_INFO[bits] + digest(bits, data)
        fill = b"\xff" * (self.size - len(end) - 3)
        return self._raw(b"\0\1" + fill + b"\0" + end)

    def _pss(self, bits, hashed):
        """RFC 8017 9.1.1, the salt as long as the digest."""
        salt = secrets.token_bytes(len(hashed))
        h = digest(bits, bytes(8) + hashed + salt)
        room = self.size - len(h) - 1
        db = (b"\1" + salt).rjust(room, b"\0")
        mask = b"".join(digest(bits, h + i.to_bytes(4, "big"))
                        for i in range(room // len(h) + 1))[:room]
        masked = bytearray(x ^ y for x, y in zip(db, mask))
        masked[0] &= 0x7f
        return bytes(masked) + h + b"\xbc"


# ---- elliptic curves --------------------------------------------------------

CURVES = {
    "P-256": (
        2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1,
        0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
        0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
        0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5),
    "P-384": (
        2 ** 384 - 2 ** 128 - 2 ** 96 + 2 ** 32 - 1,
        int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
            "581a0db248b0a77aecec196accc52973", 16),
        int("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
            "5502f25dbf55296c3a545e3872760ab7", 16),
        int("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
            "0a60b1ce1d7e819d7a431d7c90ea0e5f", 16))}


class Ec:
    def __init__(self, curve="P-256"):
        self.p, self.order, gx, gy = CURVES[curve]
        self.g, self.size = (gx, gy), len(number(self.p)) * 6 // 8
        self.d = secrets.randbelow(self.order - 1) + 1
        x, y = self._times(self.d, self.g)
        self.jwk = {"kty": "EC", "crv": curve, "x": number(x, self.size),
                    "y": number(y, self.size)}

    def _add(self, a, b):
        if a is None or b is None:
            return a or b
        if a[0] == b[0] and (a[1] + b[1]) % self.p == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, self.p) \
            if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        x = (slope * slope - a[0] - b[0]) % self.p
        return x, (slope * (a[0] - x) - a[1]) % self.p

    def _times(self, k, point):
        out = None
        while k:
            if k & 1:
                out = self._add(out, point)
            point, k = self._add(point, point), k >> 1
        return out

    def sign(self, alg, data):
        e = int.from_bytes(digest(int(alg[2:]), data), "big")
        k = secrets.randbelow(self.order - 1) + 1
        r = self._times(k, self.g)[0] % self.order
        s = pow(k, -1, self.order) * (e + r * self.d) % self.order
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")


@functools.lru_cache(None)
def rsa_key(which=0):
    """Made once: it takes a while. which: several different ones."""
    return Rsa()


# ---- signed texts -------------------------------------------------------------

def part(value):
    return b64url(json.dumps(value).encode())


def jwt(key, alg, claims, **header):
    text = part({"alg": alg, **header}) + "." + part(claims)
    return text + "." + b64url(key.sign(alg, text.encode()))
