#!/usr/bin/env python3
"""Check a file of a Mingcha draw, with the Python standard library alone (Python 3.9 or later).

    python3 verify_draw.py FILE [--against FILE ...] [--places CSV] [--lang zh|en]

FILE is public.json, audit.json, a receipt, opening.json, assignment.json or replacements.json, plain or gzip. Exit
status 0: what is printed as proved holds, and nothing more is claimed. Exit status 1: what is printed does not hold.
Exit status 2: nothing was checked, for there is no such file, or it is one of another kind.
With --against, files of one draw are also held against each other; only so does a receipt show whether it was drawn.
With --places, the frame's list of id, area and skills, assignment.json is held against what was sealed of each unit.

This program shares no code with the one that draws. What it checks is written in docs/draw-protocol.md.

核验明察的抽取文件：退出码 0 表示所列各项成立，1 表示所列各项不成立，2 表示没有核验（文件不存在，或是别种文件）。
只用 Python 标准库，与抽取程序没有共用代码。
"""

from __future__ import annotations

import argparse
import csv
import gc
import gzip
import hashlib
import json
import marshal
import os
import re
import struct
import sys
import unicodedata
import zlib
from bisect import bisect_left
from collections import Counter
from hashlib import sha256
from struct import iter_unpack

DOMAIN = "mingcha/draw/1/"
MILLION = 1000000
LARGEST = 2**53 - 1  # the largest integer that every JSON reader keeps exactly
OPENED = 300  # leaves that the seed opens
SHOWN = 20  # findings that are printed
LARGE = 200000  # units from which two processes share the work
UNITS, BETWEEN, ENDING = ',"units":[\n', "},\n{", "\n]}\n"  # how our files of many units are laid out
SIMPLE = 2  # marshal's version that looks for no objects that occur twice: quicker
LEAST = 100  # bytes of a unit, about
CHUNK = 4096  # leaves of a full subtree
RECOMPUTED = 200000  # visits times reseeds that are recomputed without being asked
OTHERS = ("ceremony", "commit", "reveal", "attest", "void", "sealed", "inspectors", "party", "key", "nonce")  # of a ceremony
HEAD = ("format", "draw", "params", "parties", "public_value", "root", "seed", "result", "attestations")


# ---- what is said: each text in Chinese and English ---------------------------------------------------------------


class Report:
    """Findings; what was proved; what was not."""

    def __init__(self):
        self.faults, self.more, self.proved, self.unproved, self.headline = [], 0, [], [], ("", "")
        self.unchecked = None

    def fault(self, where, said, expected=..., found=...):
        zh, en = said
        if expected is not ...:
            zh = f"{zh}；应为 {brief(expected)}，实为 {brief(found)}"
            en = f"{en}: expected {brief(expected)}, found {brief(found)}"
        if len(self.faults) < SHOWN:
            self.faults.append((f"{where}：{zh}", f"{where}: {en}"))
        else:
            self.more += 1

    def prove(self, zh, en):
        self.proved.append((zh, en))

    def leave(self, zh, en):
        self.unproved.append((zh, en))

    def conclude(self, head, zh, en, vouched=None):
        """What holds, and who stands for it: `vouched`, or who attested. Where fewer than two parties signed the frame
        there was no ceremony that could bind its keeper, and that comes first."""
        if len(head.keys) < 2:
            who_zh = "没有任何参与方签署" if not head.keys else f"只有 {listed(head.keys)[0]} 一方签署"
            who_en = "NO PARTY SIGNED" if not head.keys else f"ONLY ONE PARTY SIGNED ({listed(head.keys)[1]})"
            self.headline = f"{zh}；{who_zh}：保管名录者可能挑选过结果", f"{en}; {who_en}: the keeper of the frame could have chosen"
        else:
            by = vouched or tuple(text.format(name) for text, name in zip(("概率由 {} 签认", "probabilities attested by {}"), head.by()))
            self.headline = f"{zh}；{by[0]}", f"{en}; {by[1]}"

    def lines(self, language):
        if self.unchecked:
            return [("没有核验：", "not checked: ")[language] + self.unchecked[language]]
        if self.faults:
            count = len(self.faults) + self.more
            lines = [(f"不成立：{count} 处", f"DOES NOT HOLD: {count} finding{'s' * (count > 1)}")[language]]
            lines += ["  - " + fault[language] for fault in self.faults]
            return lines + [(f"  …… 另有 {self.more} 处", f"  ... and {self.more} more")[language]] * bool(self.more)
        lines = [("成立：", "HOLDS: ")[language] + self.headline[language], ("已证明：", "Proved:")[language]]
        lines += ["  + " + text[language] for text in self.proved]
        lines += [("不能由此证明：", "Not proved by this:")[language]]
        return lines + ["  ? " + text[language] for text in self.unproved]


class Unchecked(Exception):
    """There is nothing to check: no file, or a sound one of another kind."""

    def __init__(self, zh, en):
        super().__init__(en)
        self.said = (zh, en)


class Unreadable(Exception):
    """The file can't be taken apart, so that nothing in it was checked."""

    def __init__(self, zh, en):
        super().__init__(en)
        self.said = (zh, en)


def plain(text):
    """`text` on one line and without control characters: a file must not be able to forge what is printed here."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def brief(value):
    value = value.hex() if isinstance(value, bytes) else value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 90 else text[:87] + "..."


def listed(names):
    return "、".join(names) or "无人", ", ".join(names) or "nobody"


# ---- bytes --------------------------------------------------------------------------------------------------------


def lp(data):
    return len(data).to_bytes(4, "big") + data


def framed(tag, *fields):
    out = lp((DOMAIN + tag).encode())
    for field in fields:
        out += lp(field if isinstance(field, bytes) else str(field).encode())
    return out


def H(tag, *fields):
    return sha256(framed(tag, *fields)).digest()


def canonical(value):
    """RFC 8785 bytes of text, integers, lists and objects; TypeError for anything else."""
    if isinstance(value, str):
        if not is_text(value):
            raise TypeError(f"text that is not NFC: {brief(value)}")
        return json.dumps(value, ensure_ascii=False).encode()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value).encode()
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return b"{" + b",".join(canonical(name) + b":" + canonical(value[name]) for name in names) + b"}"
    raise TypeError(f"{type(value).__name__}, where only text, integers, lists and objects may stand")


def cut(blob, width=32):
    return [piece for (piece,) in iter_unpack(f"{width}s", blob)]


def in_halves(task, rows, each=1):
    """[`task(low, high)`] for all rows, in order; of a large file a child process does the second half.

    `task` gives what `marshal` can carry, and raises nothing.
    """
    if rows * each < LARGE or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
        return [task(0, rows)]
    half = rows // 2
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as file:
                file.write(marshal.dumps(task(half, rows), SIMPLE))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    first = task(0, half)
    with os.fdopen(reader, "rb") as file:
        second = file.read()
    ended = os.waitpid(child, 0)[1]
    return [first, marshal.loads(second) if ended == 0 else task(half, rows)]  # noqa: S302 - our own process


# ---- the Merkle tree of RFC 6962 ----------------------------------------------------------------------------------


def tree_head(level):
    """Carrying an odd last node up is RFC 6962's split at the largest power of two."""
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + x + y).digest() for x, y in zip(level[::2], level[1::2])] + odd
    return level[0]


def root_of(leaves):
    def heads(low, high):
        return b"".join(tree_head(leaves[i * CHUNK : (i + 1) * CHUNK]) for i in range(low, high))

    return tree_head(cut(b"".join(in_halves(heads, -(-len(leaves) // CHUNK), CHUNK))))


def head_from_path(leaf, index, size, path):
    """The root that `path` leads to from `leaf`; None if the path doesn't fit the place."""
    if index >= size:
        return None
    node, last, rest = leaf, size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not rest:
                return None
            beside = rest.pop(0)
            node = sha256(b"\x01" + (beside + node if index % 2 else node + beside)).digest()
        index, last = index >> 1, last >> 1
    return None if rest else node


# ---- Ed25519 of RFC 8032, verification only -----------------------------------------------------------------------

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_M1 = pow(2, (PRIME - 1) // 4, PRIME)
NEUTRAL = (0, 1, 1, 0)


def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * CURVE_D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def point_times(scalar, point):
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point, scalar = point_add(point, point), scalar >> 1
    return result


def point_encode(p):
    inverse = pow(p[2], PRIME - 2, PRIME)
    x, y = p[0] * inverse % PRIME, p[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_decode(data):
    """The point; None if `data` isn't the one encoding of a point."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_M1 % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    x = PRIME - x if x & 1 != sign else x
    return x, y, 1, x * y % PRIME


BASE = point_decode((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))


def signed(key, message, signature):
    """Whether this is the key's signature. Strict: S below the order, one encoding of a point, and no key of small
    order, which would "sign" anything."""
    point, s = point_decode(key), int.from_bytes(signature[32:], "little")
    if point is None or s >= ORDER or point_encode(point_times(8, point)) == point_encode(NEUTRAL):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    minus = (PRIME - point[0], point[1], 1, PRIME - point[3])
    return point_encode(point_add(point_times(s, BASE), point_times(k, minus))) == signature[:32]


# ---- reading ------------------------------------------------------------------------------------------------------


def once(pairs):
    value = dict(pairs)
    if len(value) < len(pairs):
        double = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the name {double!r} stands twice in one object")
    return value


def whole(text):
    if len(text) < 16:
        return int(text)
    if len(text) > 17 or abs(int(text)) > LARGEST:
        raise ValueError(f"the integer {brief(text)} is beyond 2^53-1")
    return int(text)


def nothing(text):
    raise ValueError(f"{text} is not JSON")


def strict(text):
    """The value of the JSON `text`. ValueError if readers could take it in two ways."""
    return json.loads(text, object_pairs_hook=once, parse_int=whole, parse_constant=nothing)


def listed_objects(text):
    """`strict` of a list of many small objects, mostly without asking it.

    Each member of an object has a colon of its own. So if `text` has just as many as the objects have members, none
    was lost to another of its name, nothing is nested, and no text holds a colon.
    """
    found = json.loads(text, parse_int=whole, parse_constant=nothing)
    if set(map(type, found)) == {dict} and text.count(":") == sum(map(len, found)):
        return found
    return strict(text)


class Table(dict):
    """{field: list} of units that are well shaped, as `TABLES` make it; no JSON can be mistaken for it."""


def laid_out(text):
    """The value of a whole file in the layout that we write, a unit a line, its units as a Table: much quicker.

    None for all else: another layout, and anything wrong, which is then read as a whole and named. What stands before
    the units must be an object once it is closed, and each half of them a list: then all together are what `strict`
    makes of it, for JSON has no line feeds within texts.
    """
    at, end = text.find(UNITS), len(text) - len(ENDING)
    start = at + len(UNITS)
    if at < 0 or end <= start or not text.endswith(ENDING):
        return None

    def place(position):
        """Where the first unit begins at or after `position`, and where the one before it ends."""
        if position == 0:
            return start, start
        found = text.find(BETWEEN, start + position, end)
        return (end, end) if found < 0 else (found + len(BETWEEN) - 1, found + 1)

    def task(low, high):
        try:
            return columns_of(listed_objects("[" + text[place(low)[0] : place(high)[1]] + "]"))
        except (ValueError, RecursionError):
            return None

    try:
        value = strict(text[:at] + "}")
    except (ValueError, RecursionError):
        return None
    columns_of = TABLES.get(kind_of(value))
    if columns_of is None or "units" in value:
        return None
    halves = in_halves(task, end - start, 1 / LEAST)
    if None in halves or not halves[0]["stratum"]:
        return None
    value["units"] = Table({name: [x for half in halves for x in half[name]] for name in halves[0]})
    return value


def kind_of(value):
    """The kind of a file of a draw; "" if it is none."""
    form = value.get("format") if isinstance(value, dict) else None
    kind = form[len("mingcha-draw-") : -len("/1")] if isinstance(form, str) else ""
    return kind if kind in CHECKS and form == f"mingcha-draw-{kind}/1" else ""


def load(path):
    """(kind, object) of the file. Unreadable if it isn't a file of a draw, Unchecked if it isn't meant to be one."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            raw = file.read()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        text = raw.decode("utf-8")
        value = laid_out(text) or strict(text)
    except FileNotFoundError:
        raise Unchecked("没有这个文件，请核对路径", "there is no such file; check the path") from None
    except IsADirectoryError:
        raise Unchecked("这是目录，请给出其中的 public.json 等文件", "this is a folder; name a file in it, such as public.json") from None
    except UnicodeDecodeError as error:
        at = error.start
        raise Unreadable(f"第 {at} 字节不是 UTF-8，文件被改动或截断", f"byte {at} is not UTF-8: changed or cut off") from None
    except json.JSONDecodeError as e:
        zh = f"不是完好的 JSON，被改动或截断：第 {e.lineno} 行第 {e.colno} 列（第 {e.pos} 字符）"
        en = f"not sound JSON, changed or cut off, at line {e.lineno}, column {e.colno} (character {e.pos}): {e.msg}"
        raise Unreadable(zh, en) from None
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"读不出，可能被截断：{error}", f"it can't be read, or is cut off: {error}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"不是完好的 JSON：{error}", f"not sound JSON: {error}") from None
    kind = kind_of(value)
    if not kind:
        form = value.get("format") if isinstance(value, dict) else None
        if form in [f"mingcha-draw-{other}/1" for other in OTHERS]:
            zh = f"{form} 是抽取过程中的文件，本程序不核验；请核验 public.json、audit.json 等结果文件"
            raise Unchecked(zh, f"{form} is a file of the ceremony; this program checks what came of it: public.json, audit.json, ...")
        zh = f"不是本程序认识的抽取文件，format 为 {brief(form)}"
        raise Unreadable(zh, f"not a file of a draw that this program knows: format is {brief(form)}")
    return kind, value


def is_text(value):
    try:
        return isinstance(value, str) and unicodedata.is_normalized("NFC", value) and value.encode() is not None
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_hex(value, size=32):
    try:
        return isinstance(value, str) and len(value) == 2 * size and bytes.fromhex(value).hex() == value
    except ValueError:
        return False


def is_q(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


TEXT = (is_text, "NFC 文本", "text in NFC")
COUNT = (is_count, "不小于 0 的整数", "a whole number of 0 or more")
HASH = (is_hex, "64 位小写十六进制", "32 bytes in lower-case hex")
SIGNATURE = (lambda value: is_hex(value, 64), "128 位小写十六进制", "64 bytes in lower-case hex")
NONCE = (lambda value: value is None or is_hex(value), "64 位小写十六进制或 null", "32 bytes in lower-case hex, or null")
LIST = (lambda value: isinstance(value, list), "列表", "a list")
TEXTS = (lambda value: isinstance(value, list) and all(map(is_text, value)), "文本的列表", "a list of text")
HASHES = (lambda value: isinstance(value, list) and all(map(is_hex, value)), "哈希的列表", "a list of hashes in hex")
OBJECT = (lambda value: isinstance(value, dict), "对象", "an object")
TRUTH = (lambda value: isinstance(value, bool), "true 或 false", "true or false")
YES = (lambda value: value is True, "true", "true")
Q = (is_q, "不小于 0 的有限数", "a finite number of 0 or more")

HEAD_SHAPE = {"format": TEXT, "draw": TEXT, "params": OBJECT, "parties": LIST, "public_value": TEXT}
HEAD_SHAPE.update({"root": HASH, "seed": HASH, "result": HASH, "attestations": LIST})
PARAMS_SHAPE = {"strata": OBJECT, "floor": COUNT, "ceiling": COUNT, "code": TEXT, "model": TEXT, "public_source": TEXT}
PARTY_SHAPE = {"id": TEXT, "key": HASH, "commitment": HASH, "signature": SIGNATURE, "nonce": NONCE}
SIGNED_SHAPE = {"id": TEXT, "signature": SIGNATURE}
UNDRAWN_SHAPE = {"leaf": HASH, "stratum": TEXT, "q": Q}
DRAWN_SHAPE = {"leaf": HASH, "stratum": TEXT, "drawn": YES, "id": TEXT, "s": HASH, "b": HASH}
AUDIT_SHAPE = {"id": TEXT, "stratum": TEXT, "P": COUNT, "s": HASH, "t": HASH}
OPENED_SHAPE = dict(AUDIT_SHAPE, index=COUNT, path=HASHES)
RECEIPT_SHAPE = dict(OPENED_SHAPE, drawn=TRUTH)


def shape(report, where, value, fields):
    """Whether `value` is an object with just these fields; what isn't so is reported."""
    if not isinstance(value, dict):
        report.fault(where, ("类型不对", "wrong type"), "an object", value)
        return False
    before = len(report.faults) + report.more
    for name, (test, zh, en) in fields.items():
        if name not in value:
            report.fault(f"{where}.{name}", ("缺少", "missing"))
        elif not test(value[name]):
            report.fault(f"{where}.{name}", (f"应为{zh}", "wrong type or form"), en, value[name])
    for name in sorted(set(value) - set(fields)):
        report.fault(f"{where}.{name}", ("不该有此字段", "a field that has no place here"), "nothing", value[name])
    return len(report.faults) + report.more == before


def columns(units, fields):
    """{field: list} of many units, hashes as bytes. None if any isn't well shaped: then `shape` says which.

    Whole columns are tested at once, many times faster than unit by unit: texts joined by an ASCII separator are
    NFC if and only if each is.
    """
    try:
        found = {name: [unit[name] for unit in units] for name in fields}
        if set(map(len, units)) - {len(fields)}:
            return None
    except (TypeError, KeyError, IndexError):
        return None
    for name, column in found.items():
        test, types = fields[name][0], set(map(type, column))
        if test is is_text:
            sound = types <= {str} and is_text("\n".join(column))
        elif test is is_hex:
            joined = "".join(column) if types <= {str} and set(map(len, column)) <= {64} else ""
            sound = is_hex(joined, 32 * len(column))
            found[name] = cut(bytes.fromhex(joined)) if sound else []
        elif test in (is_count, is_q):
            allowed = {int} if test is is_count else {int, float}
            sound = types <= allowed and (not column or (test(min(column)) and test(max(column))))
        else:
            sound = all(map(test, column))
        if not sound:
            return None
    return found


def public_columns(units):
    """The same of public.json's units: `leaf`, `stratum`, `q` (None if drawn), `opened` (None or the drawn unit)."""
    opened = [unit if isinstance(unit, dict) and "drawn" in unit else None for unit in units]
    plain = columns([unit for unit, drawn in zip(units, opened) if drawn is None], UNDRAWN_SHAPE)
    drawn = columns([unit for unit in opened if unit is not None], DRAWN_SHAPE)
    if plain is None or drawn is None:
        return None
    found = {"q": [unit.get("q") for unit in units], "opened": opened}
    for name in ("leaf", "stratum"):
        parts = iter(plain[name]), iter(drawn[name])
        found[name] = [next(parts[unit is not None]) for unit in opened]
    return found


def audit_columns(units):
    return columns(units, AUDIT_SHAPE)


TABLES = {"public": public_columns, "audit": audit_columns}


# ---- the head that all files share --------------------------------------------------------------------------------


class Head:
    """What later checks need of the head, as bytes, and what they compute, for comparison with another file."""

    def __init__(self, value):
        self.value, self.draw, self.params = value, value["draw"], value["params"]
        self.root, self.seed, self.result = (bytes.fromhex(value[name]) for name in ("root", "seed", "result"))
        self.strata, self.floor, self.ceiling = (self.params[name] for name in ("strata", "floor", "ceiling"))
        self.size = sum(sizes["N"] for sizes in self.strata.values())
        self.keys = {party["id"]: bytes.fromhex(party["key"]) for party in value["parties"]}
        self.attested = [attestation["id"] for attestation in value["attestations"]]
        self.silent = [name for name in self.keys if name not in self.attested]
        self.units = {}

    def by(self):
        """Who attested, and who did not: ("甲、乙", "a, b")."""
        zh, en = listed(self.attested)
        if self.attested and self.silent:
            zh, en = f"{zh}（{'、'.join(self.silent)} 没有签认）", f"{en} (not by {', '.join(self.silent)})"
        return zh, en


def check_head(report, value, own):
    """The Head; None where its shape is so broken that nothing can be computed. `own`: fields besides the head's."""
    for name in sorted(set(value) - set(HEAD) - set(own)):
        report.leave(f"字段 {name} 不属于本格式，没有任何东西为它作证", f"{name}: not a field of this format, nothing vouches for it")
    if not shape(report, "head", {name: value[name] for name in HEAD if name in value}, HEAD_SHAPE):
        return None
    if not check_params(report, value["params"]):
        return None
    sound = [shape(report, f"parties[{i}]", party, PARTY_SHAPE) for i, party in enumerate(value["parties"])]
    sound += [shape(report, f"attestations[{i}]", one, SIGNED_SHAPE) for i, one in enumerate(value["attestations"])]
    if not all(sound):
        return None
    head = Head(value)
    digest = H("params", canonical(head.params))
    check_parties(report, head, digest)
    revealed = [party for party in value["parties"] if party["nonce"] is not None]
    revealed.sort(key=lambda party: party["id"].encode())
    said = [field for party in revealed for field in (party["id"], bytes.fromhex(party["nonce"]))]
    if not said and not value["public_value"]:
        report.fault("seed", ("没有随机来源：无人揭示，也没有公开值", "nothing random: no reveal and no public value"))
    seed = H("seed", head.draw, head.root, digest, *said, value["public_value"])
    if seed != head.seed:
        zh = "不是由 draw、root、params、各方 id 与 nonce、public_value 得出的（其中之一被改动）"
        en = "does not follow from draw, root, params, the parties' ids and nonces, public_value (one was changed)"
        report.fault("seed", (zh, en), seed, head.seed)
    check_signatures(report, head, "attestations", value["attestations"], head.result, "result")
    tell_ceremony(report, head, revealed)
    return head


def check_params(report, params):
    try:
        canonical(params)
    except (TypeError, RecursionError) as error:
        report.fault("params", (f"有不允许的值：{error}", f"a value that has no place there: {error}"))
        return False
    needed = {name: params[name] for name in PARAMS_SHAPE if name in params}
    if not shape(report, "params", needed, PARAMS_SHAPE):
        return False
    sound = True
    for name, sizes in params["strata"].items():
        where = f"params.strata[{name}]"
        if not shape(report, where, sizes, {"N": COUNT, "n": COUNT}):
            sound = False
        elif sizes["n"] > sizes["N"] or not sizes["N"]:
            report.fault(where, ("N、n 不成立", "N and n"), "0 < N and n <= N", sizes)
            sound = False
    if not params["strata"]:
        report.fault("params.strata", ("没有层", "no strata"))
        sound = False
    low, high = params["floor"], params["ceiling"]
    if not low <= high <= MILLION:
        report.fault("params", ("下限、上限不成立", "floor and ceiling"), "floor <= ceiling <= 1000000", (low, high))
        sound = False
    return sound


def check_parties(report, head, digest):
    parties, params = head.value["parties"], head.params
    for name, count in Counter(party["id"] for party in parties).items():
        if count > 1:
            report.fault("parties", (f"“{name}”出现 {count} 次", f"{name} stands there {count} times"))
    for i, party in enumerate(parties):
        where, commitment = f"parties[{i}] ({party['id']})", bytes.fromhex(party["commitment"])
        if party["nonce"] is not None:
            opened = H("nonce", party["id"], bytes.fromhex(party["nonce"]))
            if opened != commitment:
                said = ("id 与 nonce 打不开其承诺（其中之一被改动）", "id and nonce don't open the commitment (one was changed)")
                report.fault(f"{where}.commitment", said, opened, commitment)
        message = H("commit", head.draw, head.root, digest, commitment)
        if not signed(head.keys[party["id"]], message, bytes.fromhex(party["signature"])):
            zh = "不是该 key 对 draw、root、params、commitment 的签名（其中之一被改动）"
            en = "is not this key's signature of draw, root, params and commitment (one of them was changed)"
            report.fault(f"{where}.signature", (zh, en))
    if "parties" in params:  # all signed this list, so that nobody can be added, dropped or given another key
        found = sorted([party["id"], party["key"]] for party in parties)
        try:
            expected = sorted([party["id"], party["key"]] for party in params["parties"])
        except (TypeError, KeyError):
            expected = "a list of {id, key}"
        if found != expected:
            report.fault("parties", ("不是各方签署的 params.parties", "not the signed params.parties"), expected, found)
    if "attempt" in params:
        voided = params.get("voided", [])
        try:
            counted = sum(1 for one in voided if one["revealed"])
        except (TypeError, KeyError):
            counted = -1
        if params["attempt"] != 1 + counted or counted not in (0, 1):
            zh, en = "与作废记录不符，或作废不止一次", "does not fit the voided ceremonies, or there was more than one"
            report.fault("params.attempt", (zh, en), "1, or 2 after one", params["attempt"])
        absent = [party["id"] for party in parties if party["nonce"] is None]
        if absent and params["attempt"] == 1:
            zh, en = ("首次仪式有人未揭示，本应作废重来", "somebody did not reveal in a first ceremony, which is void then")
            report.fault("parties", (zh, en), "all reveal", absent)


def check_signatures(report, head, field, signatures, message, what):
    """The ids that signed `message`; what doesn't hold is reported."""
    seen = []
    for i, one in enumerate(signatures):
        where, name = f"{field}[{i}] ({one['id']})", one["id"]
        if name in seen:
            report.fault(where, ("重复", "stands there twice"))
        elif name not in head.keys:
            report.fault(where, ("不是参与方", "is not a party"), sorted(head.keys), name)
        elif not signed(head.keys[name], message, bytes.fromhex(one["signature"])):
            report.fault(where, (f"不是该方对 {what} 的签名", f"is not that party's signature of {what}"))
        seen.append(name)
    return seen


REASONS = {
    "focused": ("重点监管，不经抽取直接检查", "under focused supervision, visited without a draw"),
    "cap": ("已达年度检查上限", "has had the year's visits"),
    "reserved": ("另一已冻结的计划可能用掉其本年度最后一次检查", "another frozen plan may bring the year's last visit"),
    "other_industry": ("其他行业", "of another industry"),
    "not_in_operation": ("不在营（注销、吊销等）", "not in operation"),
    "provisional": ("尚未对应到登记主体", "not yet tied to a registered entity"),
    "unknown_status": ("经营状态不明", "not known to be in operation"),
    "unscored": ("没有现行评分", "has no score in force"),
    "not_in_directory": ("不在本计划的对象名录内", "not in the plan's directory"),
}


def tell_ceremony(report, head, revealed):
    names, told = list(head.keys), [party["id"] for party in revealed]
    (zh, en), (who_zh, who_en) = listed(names), listed(told)
    source, value = head.params["public_source"], head.value["public_value"]
    if len(names) > 1:
        report.prove(
            f"{zh} 各自签署了此名录的根、参数和自己的承诺；揭示的随机数与承诺相符",
            f"{en} signed this frame's root, the parameters and their own commitments, which the reveals open",
        )
    else:
        report.leave(
            f"结果未经挑选：签署名录的参与方：{zh}。保管名录者可以反复试名录和种子，直到结果满意；名录的根若在公开值公布之前已公开，请核对",
            f"that the outcome wasn't chosen: signed by {en}. Whoever kept the frame could try frames and seeds until the outcome pleased; "
            "if the root was public before the public value came out, compare it",
        )
    if told:
        report.prove(
            f"种子由 {who_zh} 的随机数和公开值“{value}”得出", f"the seed follows from the reveals of {who_en} and the public value {value!r}"
        )
    else:
        report.prove(f"种子由名录的根、参数和公开值“{value}”得出", f"the seed follows from the root, the parameters and the public value {value!r}")
    if isinstance(day := head.params.get("public_on"), str):
        report.prove(f"参数载明的公开值公布日：{day}", f"the parameters name the day on which the public value comes out: {day}")
    absent = [name for name in names if name not in told]
    if absent:
        zh, en = listed(absent)
        report.prove(f"{zh} 签署了名录而没有揭示，不在种子内", f"{en} signed but did not reveal, and is not in the seed")
    voided = head.params.get("voided")
    for one in voided if isinstance(voided, list) else []:
        if isinstance(one, dict):
            reason, missing = one.get("reason"), one.get("no_show")
            report.prove(f"此前作废一次：{reason}；缺席 {missing}", f"voided before: {reason}; missing: {missing}")
    outside = head.params.get("outside")
    if isinstance(outside, dict):
        apart = [(REASONS.get(reason, (reason, reason)), count) for reason, count in outside.items() if count]
        zh, en = (", ".join(f"{said[side]} {count}" for said, count in apart) or "0" for side in (0, 1))
        signed_zh, signed_en = ("签署的", "signed: ") if len(names) > 1 else ("参数载明的", "the parameters say ")
        report.prove(f"{signed_zh}名录外户数，按原因：{zh}", f"{signed_en}how many units stand outside the frame, by reason: {en}")
    report.leave(
        f"公开值就是“{source}”公布的数、签署时尚不可知：请与来源核对",
        f"that {source!r} gave this public value, and that nobody knew it when signing: compare with the source",
    )
    report.leave("密钥由谁持有：请与各方公布的公钥核对", "who holds the keys: compare them with those the parties published")
    if head.silent:
        zh, en = listed(head.silent)
        report.leave(f"{zh} 对结果的签认：文件中没有", f"an attestation by {en}: there is none")


# ---- units --------------------------------------------------------------------------------------------------------


def q_of(k, P):
    """Q of a ticket's first 8 bytes, in IEEE doubles, in this order of operations."""
    u = (2 * (k >> 12) + 1) / 2.0**53
    pi = P / 1000000
    return (u * (1 - pi)) / ((1 - u) * pi)


def hash_units(head, column, sensible):
    """(leaves, tickets, Qs) of the units: four hashes each, the parts that many share prepared once. No Qs unless the P
    are `sensible`."""
    field = lp(bytes(32))[:4]
    of_unit, of_pi = framed("unit", head.draw), framed("probability", head.draw)
    of_ticket = framed("ticket", head.seed) + field
    strata = {name: lp(name.encode()) for name in set(column["stratum"])}

    def some(low, high):
        stratum, chance, s, t = (column[name][low:high] for name in ("stratum", "P", "s", "t"))
        ids, digits = list(map(str.encode, column["id"][low:high])), [b"%d" % P for P in chance]
        sizes = {size: size.to_bytes(4, "big") for size in set(map(len, ids + digits))}
        names = [strata[name] + sizes[len(x)] + x for name, x in zip(stratum, ids)]
        a = [sha256(of_unit + name + field + x).digest() for name, x in zip(names, s)]
        b = [sha256(of_pi + sizes[len(P)] + P + field + x).digest() for P, x in zip(digits, t)]
        leaf = b"".join([sha256(b"\x00" + x + y).digest() for x, y in zip(a, b)])
        ticket = b"".join([sha256(of_ticket + x + name).digest() for x, name in zip(t, names)])
        qs = [q_of(k, P) for (k,), P in zip(iter_unpack(">Q24x", ticket), chance)] if sensible else []
        return leaf, ticket, struct.pack(f"{len(qs)}d", *qs)

    def task(low, high):  # some at a time: what is made on the way stays in the processor's cache
        parts = [some(at, min(at + CHUNK, high)) for at in range(low, high, CHUNK)]
        return b"".join(map(b"".join, zip(*parts)))

    leaves, tickets, qs = [], [], []
    for blob in in_halves(task, len(column["id"])):
        size = len(blob) // (72 if sensible else 64) * 32
        leaves += cut(blob[:size])
        tickets += cut(blob[size : 2 * size])
        qs += [q for (q,) in iter_unpack("d", blob[2 * size :])]
    return leaves, tickets, qs


def check_units(report, head, column, where):
    """Ids once, strata that exist, P between the bounds. Whether Q and a selection make sense."""
    seen = {}
    if len(set(column["id"])) < len(column["id"]):
        for i, name in enumerate(column["id"]):
            if seen.setdefault(name, i) != i:
                said = (f"{name} 重复，首见于 units[{seen[name]}]", f"{name} stands there twice, first in units[{seen[name]}]")
                report.fault(f"{where(i)}.id", said)
    low, high = max(1, head.floor), head.ceiling
    if min(column["P"]) < low or max(column["P"]) > high:
        for i, P in enumerate(column["P"]):
            if not low <= P <= high:
                name = column["id"][i]
                said = f"{name} 的概率不在下限与上限之间", f"the probability of {name} is not between floor and ceiling"
                report.fault(f"{where(i)}.P", said, f"{low} to {high}", P)
    known = check_strata(report, head, column["stratum"], where)
    return known and min(column["P"]) >= 1 and max(column["P"]) <= MILLION


def check_strata(report, head, strata, where):
    if set(strata) <= set(head.strata):
        return True
    for i, name in enumerate(strata):
        if name not in head.strata:
            report.fault(f"{where(i)}.stratum", ("参数中没有该层", "no such stratum in params"), sorted(head.strata), name)
    return False


def check_counts(report, head, strata, drawn):
    """N_h by the strata of all, n_h by those of the drawn."""
    every, picked = Counter(strata), Counter(drawn)
    for name, sizes in head.strata.items():
        if every[name] != sizes["N"]:
            said = "户数不是 params 中的 N", "the number of units is not params' N"
            report.fault(f"units, stratum {name}", said, sizes["N"], every[name])
        if picked[name] != sizes["n"]:
            said = "抽中户数不是 params 中的 n", "the number of drawn units is not params' n"
            report.fault(f"units, stratum {name}", said, sizes["n"], picked[name])


def check_order(report, leaves, said):
    """Leaves ascending, each once. Where not: the units outside a longest ascending run stand wrong."""
    if all(map(bytes.__lt__, leaves, leaves[1:])):
        return
    ends, places, before = [], [], []
    for i, leaf in enumerate(leaves):
        at = bisect_left(ends, leaf)
        before.append(places[at - 1] if at else None)
        ends[at : at + 1], places[at : at + 1] = [leaf], [i]
    kept, i = set(), places[-1]
    while i is not None:
        kept.add(i)
        i = before[i]
    ring = [b"", *leaves, b"\xff" * 33]
    for i in range(len(leaves)):
        if i not in kept:  # or a neighbour stands wrong, if the order is as good without that one
            near = [j for j, before, after in ((i - 1, i - 1, i + 2), (i + 1, i, i + 3)) if j in kept and ring[before] < leaves[i] < ring[after]]
            report.fault(" or ".join(f"units[{j}]" for j in sorted([i, *near])), said)


def check_root(report, head, leaves):
    root = root_of(leaves)
    if root != head.root:
        zh = "不是这些叶的 Merkle 根（有叶被改动、增加或删去，或根被改动）"
        en = "is not the Merkle root of the leaves (a leaf was changed, added or removed, or the root was)"
        report.fault("root", (zh, en), root, head.root)


def check_result(report, head, leaves, qs):
    """`qs`: None for a drawn unit."""
    pack = struct.Struct(">32s?d").pack
    rows = [pack(leaf, q is None, 0.0 if q is None else q) for leaf, q in zip(leaves, qs)]
    result = H("result", head.draw, head.root, head.seed, sha256(b"".join(rows)).digest())
    if result != head.result:
        zh = "不是由 draw、root、seed 及各户的叶、Q、是否抽中得出的（其中之一被改动）"
        en = "does not follow from draw, root, seed and the units' leaves, Q and drawn flags (one of them was changed)"
        report.fault("result", (zh, en), result, head.result)


def table_of(report, value, kind, fields):
    """The units as {field: list}. None if they aren't well shaped, which is reported; `fields(unit)`: how it should be."""
    units = value.get("units")
    if isinstance(units, Table):
        return units
    units = units_of(report, value)
    if units is None:
        return None
    found = TABLES[kind](units)
    if found is None:
        for i, unit in enumerate(units):
            shape(report, place_of(i), unit, fields(unit))
    return found


def units_of(report, value):
    units = value.get("units")
    if isinstance(units, list) and units:
        return units
    report.fault("units", ("应为非空列表", "wrong type or form"), "a list that is not empty", units)
    return None


def place_of(unit):
    return f"units[{unit}]"


# ---- public.json --------------------------------------------------------------------------------------------------


def public_shape(unit):
    return DRAWN_SHAPE if isinstance(unit, dict) and "drawn" in unit else UNDRAWN_SHAPE


def check_public(report, value, _):
    head = check_head(report, value, ("units",))
    column = table_of(report, value, "public", public_shape)
    if head is None or column is None:
        return None
    leaves, strata, qs = column["leaf"], column["stratum"], column["q"]
    drawn = [(i, unit) for i, unit in enumerate(column["opened"]) if unit is not None]
    check_counts(report, head, strata, [unit["stratum"] for _, unit in drawn])
    check_strata(report, head, strata, place_of)
    opened = {}
    for i, unit in drawn:
        a = H("unit", head.draw, unit["stratum"], unit["id"], bytes.fromhex(unit["s"]))
        leaf = sha256(b"\x00" + a + bytes.fromhex(unit["b"])).digest()
        if leaf != leaves[i]:
            zh = "id、stratum、s、b 得不出它的叶（其中之一被改动）"
            en = "id, stratum, s and b don't give its leaf (one of them was changed)"
            report.fault(f"units[{i}] ({unit['id']})", (zh, en), leaf, leaves[i])
        if unit["id"] in opened:
            report.fault(f"units[{i}].id", (f"{unit['id']} 重复", f"{unit['id']} stands there twice"))
        opened[unit["id"]] = i
    check_order(report, leaves, ("叶不按升序，或重复", "its leaf is out of ascending order, or double"))
    check_root(report, head, leaves)
    check_result(report, head, leaves, qs)
    head.units = {"leaf": leaves, "stratum": strata, "q": qs, "place": opened}
    report.conclude(head, "公开核验成立", "public checks hold")
    report.prove(
        f"{len(leaves)} 户的叶得出根，种子取决于它；各层户数等于 N",
        f"the {len(leaves)} leaves give the root, which the seed hangs on; each stratum has its N",
    )
    report.prove(f"抽中的 {len(opened)} 户都在其中，各层抽中数等于 n", f"the {len(opened)} drawn units are among them; each stratum has its n")
    report.prove(
        "每个公布的 Q 和抽中标记都受 result 约束" + "，签认方签的就是它" * bool(head.attested),
        "every published Q and drawn flag is bound by result" + ", which is what the attesters signed" * bool(head.attested),
    )
    report.leave(
        "各户的概率、由此得出的 Q、未抽中者的层；没有户被漏列或放过（审计文件能查）",
        "the probabilities, the Q that follow from them, the strata of undrawn units; that nobody was left out or spared (audit.json shows it)",
    )
    return head


# ---- audit.json ---------------------------------------------------------------------------------------------------


def check_audit(report, value, _):
    head = check_head(report, value, ("units",))
    column = table_of(report, value, "audit", lambda _: AUDIT_SHAPE)
    if head is None or column is None:
        return None
    sensible = check_units(report, head, column, place_of)
    leaves, tickets, qs = hash_units(head, column, sensible)
    zh = "由 id、stratum、P、s、t 算出的叶不在其位（其中之一被改动），或重复"
    en = "the leaf of its id, stratum, P, s, t doesn't stand in its place (one of them was changed), or is double"
    check_order(report, leaves, (zh, en))
    check_root(report, head, leaves)
    if not sensible:
        return None
    drawn = select(head, column["stratum"], qs, tickets)
    check_counts(report, head, column["stratum"], [column["stratum"][i] for i in drawn])
    shown = [None if i in drawn else q for i, q in enumerate(qs)]
    check_result(report, head, leaves, shown)
    place = {column["id"][i]: i for i in drawn}
    head.units = {"leaf": leaves, "stratum": column["stratum"], "q": shown, "place": place}
    report.conclude(head, "审计核验成立：抽取由封存的名录得出", "audit checks hold: the draw follows from the sealed frame")
    report.prove(
        f"{len(leaves)} 户全部重算：叶、根、票据、Q、抽中的 {len(drawn)} 户和 result 都成立",
        f"all {len(leaves)} units recomputed: leaves, root, tickets, Q, the {len(drawn)} drawn and result hold",
    )
    report.prove("编号没有重复，概率都在下限与上限之间", "no id stands there twice; every probability is within the bounds")
    sums = dict.fromkeys(head.strata, 0)
    for name, P in zip(column["stratum"], column["P"]):
        sums[name] += P
    uneven = [name for name in head.strata if sums[name] != head.strata[name]["n"] * MILLION]
    if uneven:
        zh, en = listed(uneven[:5])
        report.leave(
            f"层 {zh} 的概率之和不等于 n：只能当作权重，不是入样概率", f"in {en} the P don't sum to n: they are weights, not inclusion probabilities"
        )
    else:
        report.prove("各层概率之和等于 n", "in every stratum the probabilities sum to n")
    report.leave(
        "概率出自承诺的模型、名录齐全：须用模型和名录重算",
        "that the probabilities come from the committed model and the frame is complete: recompute them from both",
    )
    return head


def select(head, strata, qs, tickets):
    """Indices of the first n of each stratum by (Q, ticket)."""
    values, line, near = {name: [] for name in head.strata}, {}, {name: [] for name in head.strata}
    for name, q in zip(strata, qs):
        values[name].append(q)
    for name, found in values.items():
        n = min(head.strata[name]["n"], len(found))
        line[name] = sorted(found)[n - 1] if n else -1.0  # only those up to it need the tickets
    for i, (name, q) in enumerate(zip(strata, qs)):
        if q <= line[name]:
            near[name].append(i)
    drawn = set()
    for name, rows in near.items():
        drawn.update(sorted(rows, key=lambda i: (qs[i], tickets[i]))[: head.strata[name]["n"]])
    return drawn


# ---- receipts, and the leaves that the seed opens -----------------------------------------------------------------


def check_opened(report, head, units, where):
    """That opened units stand in the sealed frame; their (leaf, Q), None if that makes no sense."""
    column = columns([{name: unit[name] for name in AUDIT_SHAPE} for unit in units], AUDIT_SHAPE)
    sensible = check_units(report, head, column, where)
    leaves, _, qs = hash_units(head, column, sensible)
    for i, unit in enumerate(units):
        path = list(map(bytes.fromhex, unit["path"]))
        if head_from_path(leaves[i], unit["index"], head.size, path) != head.root:
            zh = "由 id、stratum、P、s、t、index、path 到不了根（其中之一被改动）"
            en = "id, stratum, P, s, t, index and path don't lead to the root (one of them was changed)"
            report.fault(f"{where(i)} ({unit['id']})", (zh, en))
    return list(zip(leaves, qs)) if sensible else None


def check_receipt(report, value, _):
    head = check_head(report, value, RECEIPT_SHAPE)
    unit = {name: value[name] for name in RECEIPT_SHAPE if name in value}
    if not shape(report, "receipt", unit, RECEIPT_SHAPE) or head is None:
        return None
    found = check_opened(report, head, [unit], lambda _: "receipt")
    if found is None:
        return None
    head.units = {"opened": [unit], "found": found}
    sizes, q = head.strata[unit["stratum"]], found[0][1]
    report.conclude(head, "回执核验成立：该户在封存的名录中", "receipt checks hold: the unit stands in the sealed frame")
    report.prove(
        f"{unit['id']}（层 {unit['stratum']}）以 P = {unit['P']} / 1000000 封存在 {head.size} 户的名录中",
        f"{unit['id']} (stratum {unit['stratum']}) was sealed with P = {unit['P']} / 1000000 in a frame of {head.size}",
    )
    report.prove(
        f"其票据得出 Q = {q!r}；该层 {sizes['N']} 户抽 {sizes['n']} 户",
        f"its ticket gives Q = {q!r}; of the {sizes['N']} units of its stratum {sizes['n']} are drawn",
    )
    zh, en = ("抽中", "was drawn") if unit["drawn"] else ("未抽中", "was not drawn")
    report.leave(f"回执所称“{zh}”：须加 --against public.json", f"that it {en}, as it says: --against public.json shows that")
    report.leave("其他各户的任何情况", "anything about other units")
    return head


def check_opening(report, value, _):
    head, units = check_head(report, value, ("units",)), units_of(report, value)
    if units is None:
        return None
    sound = [shape(report, place_of(i), unit, OPENED_SHAPE) for i, unit in enumerate(units)]
    if head is None or not all(sound):
        return None
    expected, i = set(), 0
    while len(expected) < min(OPENED, head.size):
        expected.add(int.from_bytes(H("open", head.seed, i)[:8], "big") % head.size)
        i += 1
    indices = [unit["index"] for unit in units]
    if indices != sorted(expected):
        said = "打开的不是种子选定的叶，或次序不对", "not the leaves that the seed picks, in ascending order"
        report.fault("units", said, sorted(expected), indices)
    found = check_opened(report, head, units, place_of)
    head.units = {"opened": units, "found": found}
    report.conclude(head, f"打开的 {len(units)} 户成立", f"the {len(units)} opened units hold")
    report.prove(
        f"种子选定的 {len(units)} 户都以所示内容封存在 {head.size} 户的名录中",
        f"the {len(units)} units that the seed picked were sealed as shown, in a frame of {head.size}",
    )
    report.leave(
        "其余各户：若有 1% 被做手脚，打开 300 户有 95% 的机会碰到",
        "the other units: if 1% were tampered with, 300 opened ones show it with a chance of 95%",
    )
    return head


# ---- assignment.json: who visits whom -----------------------------------------------------------------------------

INSPECTOR_SHAPE = {"id": TEXT, "areas": TEXTS, "skills": TEXTS, "certified": TEXT, "load": COUNT, "conflicts": TEXTS}
VISIT_SHAPE = {"id": TEXT, "area": TEXT, "skills": TEXTS}
TEAM_SHAPE = {"id": TEXT, "across": COUNT, "inspectors": TEXTS, "chances": OBJECT}
RULES_SHAPE = {"day": TEXT, "team": COUNT, "across": COUNT, "reseeds": COUNT}
PARTS = {"inspectors": INSPECTOR_SHAPE, "visits": VISIT_SHAPE, "teams": TEAM_SHAPE, "signatures": SIGNED_SHAPE}
JOINT = {"inspectors": dict(INSPECTOR_SHAPE, department=TEXT), "teams": dict(TEAM_SHAPE, department=TEXT)}
ASSIGNMENT_SHAPE = dict({"salt": HASH, "rules": OBJECT, "digest": HASH}, **dict.fromkeys(PARTS, LIST))


def check_assignment(report, value, options):
    head = check_head(report, value, ASSIGNMENT_SHAPE)
    own = {name: value[name] for name in ASSIGNMENT_SHAPE if name in value}
    if not shape(report, "assignment", own, ASSIGNMENT_SHAPE):
        return None
    joint = "departments" in own["rules"]  # an inspection of several departments in one visit
    sound = [shape(report, "rules", own["rules"], dict(RULES_SHAPE, departments=TEXTS) if joint else RULES_SHAPE)]
    for name, fields in dict(PARTS, **JOINT if joint else {}).items():
        sound += [shape(report, f"{name}[{i}]", item, fields) for i, item in enumerate(own[name])]
    if head is None or not all(sound):
        return None
    signers = check_digest(report, head, "assignment", own)
    names, visits = ([item["id"] for item in own[name]] for name in ("inspectors", "visits"))
    for where, ids in (("inspectors", names), ("visits", visits)):
        if ids != sorted(set(ids), key=str.encode):
            report.fault(where, ("应按编号升序、不重复", "must stand in ascending order of id, each once"))
    departments = own["rules"]["departments"] if joint else [None]
    if joint and (len(departments) < 2 or departments != sorted(set(departments) - {""}, key=str.encode)):
        said = "联合抽查的部门应有两个以上，按名称升序、不重复", "must be two departments or more, in ascending order, each once"
        report.fault("rules.departments", said)
    if [(team["id"], team.get("department")) for team in own["teams"]] != [(i, x) for i in visits for x in departments]:
        said = "与 visits 不是同一批对象，或部门、次序不对", "are not of the same units as visits, in their order, by department"
        report.fault("teams", said)
    if not 2 <= own["rules"]["team"] <= 4:
        report.fault("rules.team", ("人数不成立，执法检查至少两人", "size of a team"), "2 to 4", own["rules"]["team"])
    directory = canonical({"inspectors": own["inspectors"], "rules": own["rules"]})
    sealed = H("inspectors", head.draw, bytes.fromhex(own["salt"]), directory).hex()
    if sealed != head.params.get("inspectors"):
        said = "名录、规则或盐不是抽取前封存的", "directory, rules or salt are not what params sealed before the draw"
        report.fault("inspectors", said, head.params.get("inspectors"), sealed)
    check_places(report, head, own, options.places)
    if report.faults:
        return None
    parts = [part_of(own, head.seed, k, department) for k, department in enumerate(departments)]
    for part in parts:
        for i, (team, across) in enumerate(assign(part["seed"], part)):
            expected = [part["names"][j] for j in team], across
            found = part["teams"][i]["inspectors"], part["teams"][i]["across"]
            if expected != found:
                said = "不是种子分派的人员", "not the inspectors that the seed gives"
                report.fault(part["where"](i, ""), said, expected, found)
    head.units = {"visits": visits}
    zh, en = listed(signers)
    report.conclude(head, "人员分派核验成立", "assignment checks hold", (f"由 {zh} 签名", f"signed by {en}"))
    report.prove(
        f"{len(names)} 名检查人员的名录和规则在抽取前已封存", f"the directory of {len(names)} inspectors and its rules were sealed before the draw"
    )
    report.prove(f"{len(visits)} 次检查的人员都由种子按规则得出", f"the teams of {len(visits)} visits follow from the seed by the rules")
    if joint:
        zh, en = listed(departments)
        report.prove(f"联合抽查：{zh} 各由自己的种子派出一组", f"a joint inspection: {en} each sent a team by a seed of its own")
    report.leave("名录属实", "that the directory is true")
    report.leave("这些就是抽中的对象：须加 --against public.json", "that these are the drawn units: --against public.json shows that")
    if options.reseed or max(1, len(own["teams"])) * own["rules"]["reseeds"] <= RECOMPUTED:
        check_chances(report, parts)
    else:
        report.leave("分派概率：加 --reseed 重算", "the stored chances: --reseed recomputes them")
    return head


def check_places(report, head, own, path):
    """The visits' areas and skills against those that were sealed of the whole frame, listed in the CSV at `path`."""
    sealed = head.params.get("places")
    if not is_hex(sealed):
        said = ("没有封存各户的辖区和专业", "areas and skills of the units were not sealed")
        report.fault("params.places", said, HASH[2], sealed)
        return
    if path is None:
        zh = "各次检查的辖区、专业就是抽取前封存的：参与方以 --places 加 id,area,skills 三列的名录核对"
        en = "that the visits' areas and skills are the sealed ones: a party's list id,area,skills shows that, --places"
        report.leave(zh, en)
        return
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
            rows = [(row["id"], row.get("area") or "", row.get("skills") or "") for row in csv.DictReader(file)]
        listed_places = {
            name: {"id": name, "area": area, "skills": sorted({part.strip() for part in re.split("[;；|、，]", skills)} - {""})}
            for name, area, skills in rows
        }
        body = canonical({"places": [listed_places[name] for name in sorted(listed_places, key=str.encode)]})
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError) as error:
        report.fault(path, (f"不是 id,area,skills 三列的 CSV：{error!r}", f"not a CSV of id,area,skills: {error!r}"))
        return
    found = H("places", head.draw, bytes.fromhex(own["salt"]), body).hex()
    if found != sealed:
        said = ("不是抽取前封存的辖区和专业（有一户不同即不同）", "not the areas and skills sealed before the draw (one unit suffices)")
        report.fault(path, said, sealed, found)
    for i, visit in enumerate(own["visits"]):
        if listed_places.get(visit["id"]) != visit:
            said = ("辖区或专业与名录不同", "area or skills are not those of the list")
            report.fault(f"visits[{i}] ({visit['id']})", said, listed_places.get(visit["id"]), visit)
    zh, en = "各次检查的辖区、专业就是抽取前封存的", "the visits' areas and skills are those sealed before the draw"
    report.prove(f"{zh}（全部 {len(listed_places)} 户）", f"{en}, of all {len(listed_places)} units")


def check_digest(report, head, kind, own):
    """The digest over all of `own` but itself and the signatures; the ids that signed it."""
    try:
        body = canonical({name: own[name] for name in own if name not in ("digest", "signatures")})
    except (TypeError, RecursionError) as error:
        report.fault(kind, (f"有不允许的值：{error}", f"a value that has no place there: {error}"))
        return []
    digest = H(kind, head.draw, head.result, body)
    if digest.hex() != own["digest"]:
        said = "不是这些内容的摘要（有内容被改动）", "is not the digest of the contents (something was changed)"
        report.fault("digest", said, digest, own["digest"])
    return check_signatures(report, head, "signatures", own["signatures"], bytes.fromhex(own["digest"]), "digest")


def part_of(own, seed, k, department):
    """What the `k`th department draws by itself: its people, its teams, its seed. None: of an ordinary draw, all."""
    people, step = own["inspectors"], 1
    if department is not None:
        people = [one for one in people if one["department"] == department]
        seed, step = H("department", seed, department), len(own["rules"]["departments"])
    part = {"rules": own["rules"], "visits": own["visits"], "inspectors": people, "teams": own["teams"][k::step], "seed": seed}
    part["names"] = [one["id"] for one in people]
    part["fitting"] = [fit(part, visit) for visit in own["visits"]]
    who = "" if department is None else ", " + department
    part["where"] = lambda i, member: f"teams[{i * step + k}]{member} ({own['visits'][i]['id']}{who})"
    return part


def fit(part, visit):
    """Who may make `visit`, as places among the people: (inspectors of its area, those of other areas)."""
    home, away = [], []
    for j, one in enumerate(part["inspectors"]):
        able = set(visit["skills"]) <= set(one["skills"]) and visit["id"] not in one["conflicts"]
        if able and one["certified"] >= part["rules"]["day"]:
            (home if not visit["area"] or visit["area"] in one["areas"] else away).append(j)
    return home, away


def assign(seed, part):
    """[(team as places among the people, across)] of the visits; an empty team where too few are left."""
    rules, visits, fitting = part["rules"], part["visits"], part["fitting"]
    dice = [H("visit", seed, visit["id"]) for visit in visits]
    able = [i for i in range(len(visits)) if len(fitting[i][1]) >= rules["team"]]
    able.sort(key=lambda i: dice[i][:8])
    across = set(able[: (rules["across"] * len(visits) + MILLION // 2) // MILLION])
    left, teams = [one["load"] for one in part["inspectors"]], [()] * len(visits)
    for i in sorted(range(len(visits)), key=lambda i: (i not in across, dice[i][8:16])):
        pool = [j for j in fitting[i][i in across] if left[j]]
        if len(pool) >= rules["team"]:
            picks = cut(dice[i][16 : 16 + 4 * rules["team"]], 4)
            teams[i] = tuple(pool.pop(int.from_bytes(pick, "big") % len(pool)) for pick in picks)
            for j in teams[i]:
                left[j] -= 1
    return [(team, int(i in across)) for i, team in enumerate(teams)]


def check_chances(report, parts):
    reseeds = parts[0]["rules"]["reseeds"]
    for part in parts:
        counts = [Counter() for _ in part["visits"]]
        for k in range(reseeds):
            for count, (team, _) in zip(counts, assign(H("reseed", part["seed"], k), part)):
                count.update(part["names"][j] for j in team)
        for i, (count, team) in enumerate(zip(counts, part["teams"])):
            if dict(count) != team["chances"]:
                said = "不是换种子重算的次数", "not the counts of the reseeded runs"
                report.fault(part["where"](i, ".chances"), said, dict(count), team["chances"])
    report.prove(f"分派概率：换种子 {reseeds} 次重算一致", f"the stored chances, recomputed with {reseeds} other seeds")


# ---- replacements.json: units that were in the frame by mistake ---------------------------------------------------

REPLACEMENTS_SHAPE = {"replacements": LIST, "digest": HASH, "signatures": LIST}
REPLACEMENT_SHAPE = {"out": TEXT, "reason": TEXT, "in": OBJECT}
BROUGHT_SHAPE = {"index": COUNT, "id": TEXT, "stratum": TEXT, "s": HASH, "b": HASH}


def check_replacements(report, value, _):
    head = check_head(report, value, REPLACEMENTS_SHAPE)
    own = {name: value[name] for name in REPLACEMENTS_SHAPE if name in value}
    if not shape(report, "replacements", own, REPLACEMENTS_SHAPE):
        return None
    sound = [shape(report, f"signatures[{i}]", one, SIGNED_SHAPE) for i, one in enumerate(own["signatures"])]
    for i, one in enumerate(own["replacements"]):
        where = f"replacements[{i}]"
        sound.append(shape(report, where, one, REPLACEMENT_SHAPE) and shape(report, f"{where}.in", one["in"], BROUGHT_SHAPE))
    if head is None or not all(sound):
        return None
    zh, en = listed(check_digest(report, head, "replacements", own))
    head.units = {"replacements": own["replacements"]}
    count = len(own["replacements"])
    report.conclude(head, "替换记录核验成立", "replacement checks hold", (f"由 {zh} 签名", f"signed by {en}"))
    report.prove(f"{count} 次替换的对象和原因受 digest 约束", f"the units and reasons of {count} replacements are bound by digest")
    report.leave("替入者是该层的下一户：须加 --against public.json", "that each was the next of its stratum: --against public.json")
    report.leave("替出者确属误入名录", "that who went out was in the frame by mistake")
    return head


CHECKS = {
    "public": check_public,
    "audit": check_audit,
    "receipt": check_receipt,
    "opening": check_opening,
    "assignment": check_assignment,
    "replacements": check_replacements,
}


# ---- one file against another -------------------------------------------------------------------------------------


def compare(report, kind, head, other_kind, other, where):
    """`head` against `other`, from a file that was itself checked and holds."""
    for name in HEAD[1:-1]:  # attestations may come later, and each was checked by itself
        if head.value[name] != other.value[name]:
            said = f"与 {where} 不同", f"not the same as in {where}"
            report.fault(name, said, other.value[name], head.value[name])
    if report.faults:
        return
    if "leaf" in head.units and "leaf" in other.units:
        compare_lists(report, head.units, other.units, where)
    elif other_kind == "public" and kind in ("receipt", "opening"):
        compare_opened(report, kind, head, other.units, where)
    elif other_kind == "public" and kind == "assignment":
        drawn = sorted(other.units["place"], key=str.encode)
        if head.units["visits"] != drawn:
            odd = sorted(set(head.units["visits"]) ^ set(drawn))
            report.fault("visits", (f"不是 {where} 中抽中的对象", f"are not the drawn units of {where}"), "the same", odd)
        settle(report, f"这些就是 {where} 中抽中的对象", f"these are the drawn units of {where}")
    elif other_kind == "public" and kind == "replacements":
        compare_replacements(report, head, other.units, where)
    else:
        report.leave(f"与 {where} 只核对了共有的部分", f"{where}: only what both files share was compared")


def settle(report, zh, en):
    """Something that was open is proved by the other file."""
    report.unproved = [text for text in report.unproved if "--against" not in text[1]]
    report.prove(zh, en)


def compare_lists(report, mine, other, where):
    for i, (here, there) in enumerate(zip(*(zip(u["leaf"], u["stratum"], u["q"]) for u in (mine, other)))):
        if here != there:
            report.fault(place_of(i), (f"与 {where} 不同", f"not the same as in {where}"), *map(leaf_stratum_q, (there, here)))
    if mine["place"] != other["place"]:
        odd = sorted(set(mine["place"]) ^ set(other["place"]))
        report.fault("units", (f"抽中者与 {where} 不同", f"other drawn units than in {where}"), "the same", odd)
    report.prove(f"与 {where} 逐户一致", f"agrees with {where} unit by unit")


def leaf_stratum_q(row):
    return f"leaf {row[0].hex()[:16]}... stratum {row[1]} " + ("drawn" if row[2] is None else f"q {row[2]!r}")


def compare_opened(report, kind, head, listed_units, where):
    for unit, (leaf, q) in zip(head.units["opened"], head.units["found"]):
        i = unit["index"]
        shown = listed_units["q"][i]
        here = (leaf, unit["stratum"], None if shown is None else q)
        there = (listed_units["leaf"][i], listed_units["stratum"][i], shown)
        if here != there:
            said = f"与 {where} 的 units[{i}] 不同", f"not the same as units[{i}] in {where}"
            report.fault(unit["id"], said, *map(leaf_stratum_q, (there, here)))
        if kind == "receipt":
            tell_line(report, unit, q, listed_units, shown is None, where)


def tell_line(report, unit, q, listed_units, drawn, where):
    """A receipt's Q against the smallest undrawn one of its stratum."""
    if unit["drawn"] != drawn:
        report.fault("receipt.drawn", (f"与 {where} 不同", f"not the same as in {where}"), drawn, unit["drawn"])
        return
    pairs = zip(listed_units["stratum"], listed_units["q"])
    others = [other for stratum, other in pairs if stratum == unit["stratum"] and other is not None]
    line = min(others, default=float("inf"))
    if drawn and q > line:
        said = "抽中，其 Q 却大于同层未抽中者", "drawn, yet its Q is above that of an undrawn unit of its stratum"
        report.fault("receipt", said, f"at most {line!r}", q)
    elif drawn:
        settle(
            report,
            f"抽中：其 Q = {q!r} 不大于同层未抽中者的最小 Q = {line!r}",
            f"drawn: its Q = {q!r} is not above the smallest undrawn one of its stratum, {line!r}",
        )
    else:
        ahead = sum(1 for other in others if other < q)
        settle(
            report,
            f"未抽中：名单所列正是此 Q = {q!r}；同层未抽中者有 {ahead} 户排在它前面",
            f"not drawn: the list shows just this Q = {q!r}; {ahead} undrawn units of its stratum stand before it",
        )


def compare_replacements(report, head, public, where):
    """Each unit brought in must be the next of the stratum of a unit that is in and goes out."""
    strata, qs = public["stratum"], list(public["q"])
    inside = {name: strata[i] for name, i in public["place"].items()}
    for k, one in enumerate(head.units["replacements"]):
        out, new, at = one["out"], one["in"], f"replacements[{k}]"
        stratum = inside.pop(out, None)
        rest = [i for i, q in enumerate(qs) if q is not None and strata[i] == stratum]
        following = min(rest, key=lambda i: (qs[i], i), default=None)
        if stratum is None or following is None:
            said = f"{out} 不在抽中之列，或该层已无可替者", f"{out} is not drawn, or nobody is left in its stratum"
            report.fault(f"{at}.out", said)
            continue
        same = {i for i in rest if qs[i] == qs[following]}  # ties go by ticket, which only the audit shows
        a = H("unit", head.draw, new["stratum"], new["id"], bytes.fromhex(new["s"]))
        leaf = sha256(b"\x00" + a + bytes.fromhex(new["b"])).digest()
        if new["index"] not in same or new["stratum"] != stratum or leaf != public["leaf"][new["index"]]:
            said = "替入者不是该层的下一户", "the unit brought in is not the next one of the stratum"
            report.fault(f"{at}.in", said, f"units[{following}], stratum {stratum}", f"units[{new['index']}] {new['id']}")
            continue
        qs[new["index"]], inside[new["id"]] = None, stratum
    settle(report, "替入者都是该层的下一户", "each unit brought in was the next one of its stratum")


# ---- the command --------------------------------------------------------------------------------------------------


def check(path, options=None):
    """(report, kind, Head or None) of one file. `options`: `reseed` and `places`, for an assignment."""
    report = Report()
    try:
        kind, value = load(path)
    except Unchecked as error:
        report.unchecked = error.said
        return report, "", None
    except Unreadable as error:
        report.fault("file", error.said)
        return report, "", None
    return report, kind, CHECKS[kind](report, value, options or argparse.Namespace(reseed=False, places=None))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    add = parser.add_argument
    add("--against", metavar="FILE", action="append", default=[], help="another file of the same draw; repeatable")
    add("--places", metavar="CSV", help="the frame's id, area, skills, to hold an assignment against")
    add("--reseed", action="store_true", help="recompute an assignment's chances, however long it takes")
    add("--lang", choices=("zh", "en", "both"), default="both", help="language of what is printed")
    options = parser.parse_args(arguments)
    gc.disable()  # a million units are many objects and no cycles
    report, kind, head = check(options.file, options)
    said = [(options.file, report)]
    for path in options.against:
        other_report, other_kind, other = check(path)
        said.append((path, other_report))
        if head is not None and other is not None and not (report.faults or other_report.faults):
            compare(report, kind, head, other_kind, other, path)
    try:
        for path, one in said:
            for language in {"zh": (0,), "en": (1,), "both": (1, 0)}[options.lang]:
                print("\n".join(map(plain, [path, *one.lines(language), ""])))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough; the exit status still tells
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if any(one.faults for _, one in said) else 2 if any(one.unchecked for _, one in said) else 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    status = main()
    os._exit(status)  # at once: taking a million units apart again would take a second
