"""Reads values as guild writes them on command lines: YAML 1.1 in flow style, decided as PyYAML's safe_load does, with
guild's floats (1e-5). PyYAML itself may be missing where the program runs."""

WORDS = {"": None, "~": None}
for _words, _value in (("null", None), ("true yes on", True), ("false no off", False)):
    for _word in _words.split():
        WORDS.update({_word: _value, _word.title(): _value, _word.upper(): _value})
WORDS[".inf"] = WORDS[".Inf"] = WORDS[".INF"] = float("inf")
WORDS["+.inf"] = WORDS["+.Inf"] = WORDS["+.INF"] = float("inf")
WORDS["-.inf"] = WORDS["-.Inf"] = WORDS["-.INF"] = float("-inf")
WORDS[".nan"] = WORDS[".NaN"] = WORDS[".NAN"] = float("nan")

DIGITS = "0123456789"
ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "\\": "\\", "/": "/", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
CODES = {"x": 2, "u": 4, "U": 8}


def only(text, characters):
    """True for a text of these characters and at least one of them."""
    return text != "" and text.strip(characters) == ""


def read_int(body):
    """The unsigned integer, or None."""
    plain = body.replace("_", "")
    if body.startswith("0b"):
        return int(plain[2:], 2) if only(body[2:], "01_") and plain[2:] else None
    if body.startswith("0x"):
        return int(plain[2:], 16) if only(body[2:], DIGITS + "abcdefABCDEF_") and plain[2:] else None
    if body[0] == "0" and len(body) > 1:
        return int(plain, 8) if only(body, "01234567_") else None
    return int(plain) if only(body, DIGITS + "_") and body[0] in DIGITS else None


def read_sixties(body):
    """1:30 and 1:30.5, or None."""
    whole, dot, fraction = body.partition(".")
    first, *others = whole.split(":")
    if not (only(first, DIGITS + "_") and first[0] in DIGITS) or (dot == "" and first[0] == "0"):
        return None
    if (dot and fraction and not only(fraction, DIGITS + "_")) or not others:
        return None
    value = int(first.replace("_", ""))
    for part in others:
        if not (only(part, DIGITS) and (len(part) == 1 or (len(part) == 2 and part[0] in "012345"))):
            return None
        value = value * 60 + int(part)
    if dot:
        digits = fraction.replace("_", "")
        last = int(others[-1])
        return (value - last) + float("%d.%s" % (last, digits or "0"))
    return value


def read_float(body, is_signed):
    """The unsigned float, or None."""
    mantissa, has_exponent, exponent = body.replace("E", "e").partition("e")
    whole, dot, fraction = mantissa.partition(".")
    sign = exponent[:1] in ("-", "+")
    if has_exponent and not only(exponent[1:] if sign else exponent, DIGITS):
        return None
    if whole == "":
        if is_signed or not only(fraction, DIGITS + "_") or (has_exponent and not sign):
            return None
        if fraction.strip("_") == "":
            return None
    elif not only(whole, DIGITS + "_") or whole[0] == "_" or not (dot or has_exponent):
        return None
    elif fraction and not only(fraction, DIGITS + "_"):
        return None
    return float(body.replace("_", ""))


def read_number(text):
    """The number a plain scalar stands for, or None."""
    is_signed = text[0] in "-+"
    body = text[1:] if is_signed else text
    if body == "" or body[0] not in DIGITS + ".":
        return None
    value = read_int(body)
    if value is None:
        value = read_sixties(body) if ":" in body else read_float(body, is_signed)
    return -value if value is not None and text[0] == "-" else value


def read_date(text):
    """A YAML timestamp, or None."""
    if len(text) < 8 or not only(text[:4], DIGITS) or text[4] != "-":
        return None
    import datetime
    import re

    date = re.match(r"(\d{4})-(\d\d)-(\d\d)$", text, re.A)
    if date:
        return datetime.date(*map(int, date.groups()))
    time = re.match(
        r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?"
        r"(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?$",
        text,
        re.A,
    )
    if not time:
        return None
    fraction = int(((time.group(7) or "") + "000000")[:6])
    zone = None
    if time.group(9):
        minutes = int(time.group(10)) * 60 + int(time.group(11) or 0)
        zone = datetime.timezone(datetime.timedelta(minutes=-minutes if time.group(9) == "-" else minutes))
    elif time.group(8):
        zone = datetime.timezone.utc
    return datetime.datetime(*map(int, time.groups()[:6]), microsecond=fraction, tzinfo=zone)


def read_plain(text):
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    value = read_number(text)
    if value is None:
        try:
            value = read_date(text)
        except ValueError:  # the 30th of February
            return text
    return text if value is None else value


class Reader:
    """One value in flow style."""

    def __init__(self, text):
        self.text = text
        self.at = 0

    def skip_blanks(self):
        while self.at < len(self.text) and self.text[self.at] in " \t\n":
            self.at += 1

    def peek(self):
        return self.text[self.at : self.at + 1]

    def value(self):
        self.skip_blanks()
        first = self.peek()
        if first == "[":
            return self.items("]", self.value)
        if first == "{":
            return dict(self.items("}", self.pair))
        if first == "'":
            return self.single_quoted()
        if first == '"':
            return self.double_quoted()
        return read_plain(self.plain())

    def items(self, end, read_item):
        self.at += 1
        found = []
        while True:
            self.skip_blanks()
            if self.peek() == end:
                self.at += 1
                return found
            found.append(read_item())
            self.skip_blanks()
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != end:
                raise ValueError(self.text)

    def pair(self):
        if self.text.startswith("? ", self.at):
            self.at += 2
        key = self.value()
        self.skip_blanks()
        if self.peek() != ":":
            return key, None
        self.at += 1
        self.skip_blanks()
        return key, None if self.peek() in (",", "}") else self.value()

    def plain(self):
        begin = self.at
        while self.at < len(self.text):
            c = self.text[self.at]
            if c in ",[]{}" or (c == ":" and self.text[self.at + 1 : self.at + 2] in ("", " ", ",", "]", "}")):
                break
            self.at += 1
        return self.text[begin : self.at].rstrip(" ")

    def fold(self, parts):
        """Line breaks inside quotes: one is a blank, more are one less; blanks around them do not count."""
        breaks = 0
        while self.peek() and self.peek() in " \t\n":
            breaks += self.peek() == "\n"
            self.at += 1
        parts.append(" " if breaks == 1 else "\n" * (breaks - 1))

    def quoted(self, quote, escape):
        parts = []
        self.at += 1
        while True:
            begin = self.at
            while self.peek() and self.peek() not in quote + "\n\\":
                self.at += 1
            parts.append(self.text[begin : self.at])
            c = self.peek()
            if c == "\n":
                parts[-1] = parts[-1].rstrip(" \t")
                self.fold(parts)
            elif c == "":
                raise ValueError(self.text)
            elif escape(parts):
                return "".join(parts)

    def single_quoted(self):
        def escape(parts):
            c = self.peek()
            if self.text.startswith("''", self.at):
                self.at += 1
            elif c == "'":
                self.at += 1
                return True
            parts.append(c)
            self.at += 1
            return False

        return self.quoted("'", escape)

    def double_quoted(self):
        def escape(parts):
            if self.peek() == '"':
                self.at += 1
                return True
            c = self.text[self.at + 1]
            self.at += 2
            if c == "\n":
                while self.peek() and self.peek() in " \t":
                    self.at += 1
            elif c in CODES:
                parts.append(chr(int(self.text[self.at : self.at + CODES[c]], 16)))
                self.at += CODES[c]
            else:
                parts.append(ESCAPES[c])
            return False

        return self.quoted('"', escape)


def decode_value(text):
    """The value of a text; what is no YAML is a string."""
    if text[:1] not in ("[", "{", "'", '"'):
        return read_plain(text)
    reader = Reader(text)
    try:
        value = reader.value()
    except (ValueError, KeyError, IndexError):
        return text
    reader.skip_blanks()
    return value if reader.at == len(text) else text
