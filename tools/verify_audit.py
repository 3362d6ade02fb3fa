#!/usr/bin/env python3
"""Verifies an audit log of orders, or a proof from it, offline and with the standard library alone.

    verify_audit.py log DIR --key FILE [--checkpoint FILE] [--records]
    verify_audit.py proof FILE --key FILE

Written from docs/audit.md and sharing nothing with the product, so that one checks the other. Exit code 0: everything is in its place; 1: it is
not, and the first record that is not proven is named; 2: it could not be looked at.

With --records each record is a line: its number, time in nanoseconds, kind, step, state before and state after by their numbers, SHA-256, and
request, session, user, order and trace, divided by tabs.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


class Fault(Exception):
    """The log is not as it was written."""

    def __init__(self, index, detail):
        super().__init__(f"record {index}: {detail}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Ed25519 (RFC 8032), points as X, Y, Z, T.


def plus(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = plus(total, point)
        point, scalar = plus(point, point), scalar >> 1
    return total


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of(bytes([0x58]) + bytes([0x66]) * 31)


def signature_fits(public, message, signature):
    a, s = point_of(public), int.from_bytes(signature[32:], "little")
    if a is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    x, y, z, _ = plus(times(s, BASE), times(h, (P - a[0], a[1], 1, P - a[3])))
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data) == text else None


class Key:
    """A verifier key of a signed note."""

    def __init__(self, text):
        self.name, self.id, key = text.strip().encode().split(b"+", 2)
        data = unbase64(key)
        self.public = data[1:] if data else b""
        if data is None or data[0] != 1 or len(self.public) != 32 or not re.fullmatch(rb"[!-~]{1,128}", self.name):
            raise ValueError("not an Ed25519 verifier key")
        if sha(self.name, b"\n", data)[:4].hex().encode() != self.id:
            raise ValueError("the key's hash is wrong")

    def open(self, note, exact):
        """Size and root of a signed checkpoint, or nothing."""
        form = rb"(([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]+)\n)\n((?:\xe2\x80\x94 [^\n]+\n)+)"
        match = re.fullmatch(form, note)
        if not match or match[2] != self.name:
            return None
        lines = match[5].splitlines()
        root = unbase64(match[4])
        if root is None or len(root) != 32 or int(match[3]) >= 2**64 or (exact and len(lines) != 1):
            return None
        for line in lines:
            _, name, signed = (line.split(b" ") + [b"", b""])[:3]
            data = unbase64(signed)
            if name == self.name and data and len(data) == 68 and data[:4].hex().encode() == self.id:
                if line != b"\xe2\x80\x94 " + name + b" " + signed:
                    return None
                return (int(match[3]), root) if signature_fits(self.public, match[1], data[4:]) else None
        return None


class Tree:
    """The Merkle tree of RFC 6962 as the roots of its whole subtrees."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, record):
        node, size = sha(b"\0", record), self.size
        while size & 1:
            node, size = sha(b"\1", self.peaks.pop(), node), size >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha()
        node = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            node = sha(b"\1", left, node)
        return node


CRC = []
for number in range(256):
    for _ in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    CRC.append(number)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


# The life cycle: what each state may become, by the numbers of docs/audit.md, as step: state after. From docs/orders.md.
TABLE = {
    1: {1: 2, 2: 11},
    2: {3: 3, 4: 11},
    3: {5: 4, 6: 11, 7: 5},
    4: {9: 5, 7: 5, 10: 11, 11: 6, 12: 7, 13: 8, 15: 10},
    5: {9: 5, 14: 5, 7: 5, 10: 11, 11: 6, 12: 7, 13: 8, 15: 10, 16: 12},
    6: {11: 6, 9: 6, 7: 5, 10: 5, 12: 7, 13: 8, 8: 9, 14: 6, 15: 10},
    7: {11: 7, 9: 7, 7: 5, 10: 5, 12: 7, 13: 8, 8: 9, 14: 7, 15: 10},
    8: {11: 8, 9: 8, 14: 8, 7: 8},
    9: {11: 9, 9: 9, 7: 5, 10: 5, 12: 9, 13: 8, 14: 5, 15: 10},
    10: {11: 10, 9: 10, 14: 10, 7: 10, 12: 10, 15: 10},
    11: {10: 11, 9: 11, 7: 11},
    12: {10: 12, 9: 12, 7: 12, 16: 12},
}


def parse(record):
    """Number, link, order, time, kind with step and states, and ids of a record; nothing if the bytes are not a record."""
    if len(record) < 56 or record[:4] != b"HSA\1":
        return None
    index, time, link = struct.unpack(">Qq32s", record[4:52])
    kind, step, before, after = record[52:56]
    ids, at = [], 56
    for _ in range(5):
        length = record[at] if at < len(record) else 255
        ids.append(record[at + 1 : at + 1 + length])
        at += 1 + length
        if length > 64 or not re.fullmatch(rb"[!-~]{%d}" % length, ids[-1]):
            return None
    details = record[at + 4 :]
    if len(record) < at + 4 or struct.unpack(">I", record[at : at + 4])[0] != len(details) or len(details) > 4096:
        return None
    row = TABLE.get(before, {}).get(step)
    fits = {
        1: (step, before, after) == (0, 0, 0) and ids[3],
        2: row is not None and row == after and ids[3],
        3: row is None and after == 0 and 1 <= before <= 12 and 1 <= step <= 16 and ids[3],
        4: (step, before, after) == (0, 0, 0),
        5: (step, before, after) == (0, 0, 0),
        6: (step, before, after) == (0, 0, 0),
    }
    return (index, link, ids[3], time, record[52:56], ids) if fits.get(kind) else None


# What a disk writes whole or not at all; records of one batch; bytes behind the last checkpoint.
SECTOR, MOST_IN_BATCH, LARGEST_END = 512, 512, 2577417


def frame_at(data, at):
    """The body of the frame that begins there, if it is whole and sound."""
    head = data[at : at + 8]
    if len(head) < 8:
        return None
    length, crc = struct.unpack("<II", head)
    if not 1 <= length <= 16385 or at + 8 + length > len(data) or data[at + 8] not in (1, 2):
        return None
    body = data[at + 8 : at + 8 + length]
    return body if crc32c(head[:4] + body) == crc else None


def begins(data, at):
    """Whether a frame may begin there whose end is missing, and not one that is whole but for some of its bytes."""
    head, body = data[at : at + 8], data[at + 8 :]
    if len(head) < 4:
        return True
    length = struct.unpack("<I", head[:4])[0]
    if not 1 <= length <= 16385 or len(head) < 8:
        return 1 <= length <= 16385
    whole = crc32c(struct.pack("<I", len(body)) + body) == struct.unpack("<I", head[4:])[0]
    return length > len(body) and not whole


def is_torn(data, start, signed, key):
    """Whether a crash leaves what stands behind the last checkpoint: of each sector of one batch its bytes, or zeros."""
    if len(data) - start > LARGEST_END:
        return False
    at = start
    while at < len(data):
        body = frame_at(data, at)
        if body and body[0] == 2:
            found = key.open(body[1:], exact=False)
            return bool(found) and at + 8 + len(body) == len(data) and 0 < found[0] - signed <= MOST_IN_BATCH
        if body:
            at += 8 + len(body)
            continue
        following = next((place for place in range(at + 1, len(data)) if frame_at(data, place)), None)
        to = len(data) if following is None else following
        sectors = range(at // SECTOR * SECTOR, to, SECTOR)
        lost = any(not any(data[max(sector, start) : sector + SECTOR]) for sector in sectors)
        if not lost and (following is not None or not begins(data, at)):
            return False
        at = to
    return True


def line_of(record, parsed):
    """A record as a line; each number and text is shown as it was read."""
    index, _, _, time, what, ids = parsed
    fields = [index, time, *what, sha(record).hex(), *(name.decode() for name in ids)]
    return "\t".join(map(str, fields))


def verify_log(directory, key, kept, each=None):
    """Goes through a log and says what it found; `each` is given every record and what was read of it."""
    names = sorted(name for name in os.listdir(directory) if re.fullmatch(r"[0-9]{20}\.hsa", name))
    if not names:
        raise FileNotFoundError(f"no audit log at {directory}")
    tree, link, signed, checkpoints = Tree(), sha(b"hypersentry-audit\n", key.name, b"\n"), 0, 0
    torn = "the last batch is not whole, as a crash leaves one that was not acknowledged"
    for name in names:
        with open(os.path.join(directory, name), "rb") as file:
            data = file.read()
        if name == names[-1]:
            # Space that was set aside for more.
            data = data[:16] + data[16:].rstrip(b"\0")
        if signed != tree.size:
            raise Fault(signed, "the segment before ends without a checkpoint")
        if int(name[:20]) != tree.size or data[:16] != b"HSAUDIT\1" + struct.pack(">Q", tree.size):
            raise Fault(tree.size, "a segment that begins with it is missing or malformed")
        at = signed_end = 16
        while at < len(data):
            body = frame_at(data, at)
            if body is None:
                crash = name == names[-1] and is_torn(data, signed_end, signed, key)
                raise Fault(tree.size, torn if crash else "a frame is not whole and sound")
            at += 8 + len(body)
            if body[0] == 1:
                record = parse(body[1:])
                if record is None:
                    raise Fault(tree.size, "the bytes are not a record")
                if record[0] != tree.size:
                    raise Fault(tree.size, f"record {record[0]} stands in its place")
                if record[1] != link:
                    raise Fault(tree.size, "it was not written after the record before it")
                if each:
                    each(body[1:], record)
                link = sha(body[1:])
                tree.push(body[1:])
                if kept and kept[0] == tree.size and kept[1] != tree.root():
                    raise Fault(0, "the log is not the one of which the checkpoint was kept")
            else:
                found = key.open(body[1:], exact=True)
                if found is None:
                    raise Fault(signed, "the checkpoint behind it cannot be relied on")
                if found[0] != tree.size or found[0] == signed or found[1] != tree.root():
                    raise Fault(signed, "the checkpoint behind it tells of other records")
                signed, checkpoints, signed_end = tree.size, checkpoints + 1, at
    if signed != tree.size:
        raise Fault(signed, torn)
    if kept and kept[0] > tree.size:
        raise Fault(tree.size, f"the log was rolled back: a kept checkpoint tells of {kept[0]} records")
    print(f"records: {tree.size}\ncheckpoints: {checkpoints}\nroot: {tree.root().hex()}")
    print(f"rollback: none up to record {kept[0]}" if kept else "rollback: not checked")


def verify_proof(proof, key):
    checkpoint = key.open(proof["checkpoint"].encode(), exact=False)
    if checkpoint is None:
        raise Fault(0, "the proof's checkpoint cannot be relied on")
    size, root = checkpoint
    for part in proof["records"]:
        record, index = bytes.fromhex(part["record"]), part["index"]
        parsed = parse(record)
        if parsed is None or parsed[0] != index or not 0 <= index < size:
            raise Fault(index, "the bytes are not this record")
        node, place, last = sha(b"\0", record), index, size - 1
        for sibling in map(bytes.fromhex, part["path"]):
            if last == 0:
                raise Fault(index, "the path is too long")
            if place & 1 or place == last:
                node = sha(b"\1", sibling, node)
                while place and not place & 1:
                    place, last = place >> 1, last >> 1
            else:
                node = sha(b"\1", node, sibling)
            place, last = place >> 1, last >> 1
        if last or node != root:
            raise Fault(index, "it is not in the tree of the checkpoint")
        print(f"record {index} of order {parsed[2].decode()}: proven")
    print(f"records: {len(proof['records'])} of {size}")


def main():
    parser = argparse.ArgumentParser(description="Verifies an audit log of orders, or a proof from it.")
    parser.add_argument("what", choices=["log", "proof"])
    parser.add_argument("path")
    parser.add_argument("--key", required=True, help="file with the verifier key")
    parser.add_argument("--checkpoint", help="a checkpoint of the log that was kept elsewhere")
    parser.add_argument("--records", action="store_true", help="print every record of the log")
    arguments = parser.parse_args()
    try:
        with open(arguments.key, encoding="utf-8") as file:
            key = Key(file.read())
        kept = None
        if arguments.checkpoint:
            with open(arguments.checkpoint, "rb") as file:
                kept = key.open(file.read(), exact=False)
            if kept is None:
                raise ValueError("the kept checkpoint is not of this log, or not signed by this key")
        if arguments.what == "log":
            show = (lambda record, parsed: print(line_of(record, parsed))) if arguments.records else None
            verify_log(arguments.path, key, kept, show)
        else:
            with open(arguments.path, encoding="utf-8") as file:
                verify_proof(json.load(file), key)
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
