"""SQL before it is parsed: comments and executable comments, statements, and whether a text is SQL at all."""

from __future__ import annotations

import re

# Stands in a text for what code puts in: a value, a name, a clause.
HOLE = "scriptledger_hole"
READS = frozenset("SELECT SHOW DESCRIBE DESC EXPLAIN WITH TABLE VALUES USE HELP CHECKSUM".split())
TRANSACTION_CONTROL = frozenset("COMMIT ROLLBACK SAVEPOINT RELEASE START UNLOCK".split())
WRITES = frozenset(
    """INSERT UPDATE DELETE REPLACE MERGE TRUNCATE CREATE ALTER DROP RENAME LOAD CALL PREPARE EXECUTE HANDLER DO GRANT
    REVOKE SET LOCK OPTIMIZE REPAIR ANALYZE IMPORT INSTALL UNINSTALL FLUSH RESET PURGE CHANGE STOP KILL XA BEGIN
    DEALLOCATE SIGNAL BINLOG CACHE CLONE SHUTDOWN PRAGMA ATTACH VACUUM COPY UPSERT""".split()
)
# Variables of a session that switch off what the server checks.
LIMITS = frozenset(
    """FOREIGN_KEY_CHECKS UNIQUE_CHECKS CHECK_CONSTRAINT_CHECKS SQL_LOG_BIN READ_ONLY TX_READ_ONLY
    TRANSACTION_READ_ONLY""".split()
)
_TOKEN = re.compile(r"""[`"]?[A-Za-z_@$\u0080-\uffff][\w@$.\u0080-\uffff]*[`"]?(?:\.[`"]?\w+[`"]?)?|[0-9]+|[^\s\w]""")
_KEYWORD = re.compile(
    r"\b(?:insert|update|delete|replace|select|truncate|create|alter|drop|call|load|handler|prepare|execute|with|set"
    r"|merge|copy|grant|revoke|rename|lock|do|show|pragma|optimize|repair|analyze)\b|/\*[!M]",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\s(?:Set|From|Into|Where|Values|Table|SET|FROM|INTO|WHERE|VALUES|TABLE)\s")
# The place of a table or a value in a template: `DELETE FROM $table`, `UPDATE {{ table }} SET`, `FROM %(table)s`.
FILLED = re.compile(r"\$[A-Za-z_]\w{0,60}|\$\{\w{1,60}\}|\{\{[^{}\n]{1,80}\}\}|%\(\w{1,60}\)s")
_SCHEMA_KINDS = frozenset("TABLE VIEW INDEX TRIGGER PROCEDURE FUNCTION EVENT DATABASE SCHEMA USER".split())
_MAX_WORDS = 4_000


def opened(text: str) -> str:
    """A text without comments, and with the content of executable comments, which the server runs."""
    if "/*" not in text and "--" not in text and "#" not in text:
        return text.strip()
    parts: list[str] = []
    position, executable, quote = 0, False, ""
    while position < len(text):
        character, two = text[position], text[position : position + 2]
        if quote:
            if character == "\\" and quote != "`":
                parts.append(text[position : position + 2])
                position += 2
                continue
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif two == "/*":
            after = text[position + 2 : position + 4]
            if after.startswith("!") or after == "M!":
                position += 3 if after.startswith("!") else 4
                while position < len(text) and text[position].isdigit():
                    position += 1
                executable = True
                parts.append(" ")
                continue
            end = text.find("*/", position + 2)
            position = len(text) if end < 0 else end + 2
            parts.append(" ")
            continue
        elif two == "*/" and executable:
            executable = False
            position += 2
            parts.append(" ")
            continue
        elif character == "#" or (two == "--" and text[position + 2 : position + 3] in ("", " ", "\t", "\n", "\r")):
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        parts.append(character)
        position += 1
    return "".join(parts).strip()


def split_statements(text: str) -> list[str]:
    """The statements of a text, split at semicolons outside quotes."""
    if ";" not in text:
        return [text]
    found, start, quote, position = [], 0, "", 0
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\" and quote != "`":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"`":
            quote = character
        elif character == ";":
            found.append(text[start:position])
            start = position + 1
        position += 1
    return [part for part in (*found, text[start:]) if part.strip()]


def words(text: str) -> list[str]:
    """The words and signs of a text without its strings; keywords in capitals, names without quotes."""
    found = []
    for token in _TOKEN.findall(_without_strings(text[: _MAX_WORDS * 8])):
        if token[0] in '`"' or not token[0].isalpha():
            found.append(token.replace("`", "").replace('"', "") if len(token) > 1 else token)
        elif "`" in token or "." in token:
            found.append(token.replace("`", ""))
        else:
            upper = token.upper()
            found.append(upper if upper in WRITES or upper in READS or upper in _SHAPES else token)
    return found


_SHAPES = frozenset(
    """INTO FROM SET VALUES VALUE WHERE TABLE IGNORE LIMIT ORDER GROUP BY JOIN USING IN IS LIKE NOT AND OR EXISTS DATA
    INFILE XML LOCAL VIEW INDEX TRIGGER PROCEDURE FUNCTION EVENT DATABASE SCHEMA USER ROLE TEMPORARY UNIQUE IMMEDIATE
    OPEN READ CLOSE SESSION GLOBAL TRANSACTION WRITE ISOLATION ONLY LOW_PRIORITY QUICK DELAYED HIGH_PRIORITY IF ON
    COUNT OUTFILE DUMPFILE TABLES PASSWORD NAMES UNION ALL DISTINCT AS OR FULLTEXT DUPLICATE KEY CONFLICT RETURNING
    COMMIT ROLLBACK SAVEPOINT RELEASE START UNLOCK PERSIST FOR HAVING OFFSET BETWEEN INNER LEFT RIGHT CROSS""".split()
)


def mentions_sql(text: str) -> bool:
    """Whether a text contains a verb of SQL: cheap, to leave out most texts."""
    return _KEYWORD.search(text) is not None


def of_shell(text: str) -> str:
    """The SQL that a command line gives to a client of the database; other texts as they are."""
    program = text.lstrip().split(None, 1)[0].rpartition("/")[2] if text.strip() else ""
    if program not in ("mysql", "mariadb", "sqlite3", "psql"):
        return text
    quotes = [place for place in (text.find("'"), text.find('"')) if place >= 0]
    start = min(quotes, default=-1)
    return text[start + 1 :].rpartition(text[start])[0] if start >= 0 else text


def quoted(text: str) -> list[str]:
    """The parts of a command line that are in quotes."""
    return [part for sign in "'\"" if sign in text for part in text.split(sign)[1::2]]


def starts_as_sql(text: str) -> bool:
    """Whether the first word of a text is a verb of SQL."""
    first = words(opened(text)[:400])[:1]
    return bool(first) and (first[0].upper() in READS | WRITES or first[0] == "(")


def is_sql(text: str) -> bool:
    """Whether a text by itself is SQL, and no sentence about it: capitals, or all small with the signs of SQL."""
    if not mentions_sql(text[:400]):
        return False
    text = FILLED.sub(HOLE, text)
    executable = text.lstrip().startswith(("/*!", "/*M!"))
    if not executable and _begins_as_prose(text):
        return False
    return any(_is_statement(part, executable=executable) for part in split_statements(opened(text)))


def _begins_as_prose(text: str) -> bool:
    """Whether a text of several lines begins with other words than SQL: a scene in which a statement is typed."""
    first = words(opened(text)[:400])[:1]
    return (
        bool(first)
        and first[0].rstrip(".").isalpha()
        and first[0] not in READS | WRITES | TRANSACTION_CONTROL | {"DELIMITER"}
    )


def _is_statement(plain: str, *, executable: bool) -> bool:
    first = plain.lstrip("( \n\t").split(None, 1)[:1]
    if not first or not (first[0].isupper() or first[0].islower() or _is_titled(first[0], plain)):
        return False
    tokens = [token for token in words(plain) if token not in ("IGNORE", "LOW_PRIORITY", "QUICK", "DELAYED")]
    while tokens and tokens[0] in ("(", ";"):
        tokens = tokens[1:]
    if len(tokens) < 2:
        return False
    return (executable and tokens[0] in WRITES | READS) or _shaped(tokens, small=not first[0].isupper())


def _is_titled(first: str, plain: str) -> bool:
    """Whether a statement has capital first letters throughout: `Update scripts Set`, and no `Update the title`."""
    return first.istitle() and _TITLED.search(plain) is not None


def _shaped(tokens: list[str], *, small: bool) -> bool:
    verb, second, rest = tokens[0], tokens[1], tokens[2:]
    third = rest[0] if rest else ""
    match verb:
        case "INSERT" | "REPLACE":
            names = tokens[2:] if second == "INTO" else tokens[1:]
            follows = names[1] if len(names) > 1 else ""
            return (follows in ("(", "VALUES", "VALUE", "SELECT", "SET") or HOLE in follows) and _is_name(names[0])
        case "UPDATE":
            place = tokens.index("SET") if "SET" in tokens[:30] else 0
            if small:  # prose has more words between its verbs
                return place in (2, 3) and bool({"=", "."} & {*tokens[place + 2 : place + 3]})
            return place > 0 and _is_name(second) and _assigns(tokens[place + 1 :])
        case "DELETE":
            if "FROM" not in tokens[:8]:
                return False
            after = tokens[tokens.index("FROM") + 1 :]
            ends = after[1:2] in ([], [";"])
            return bool(after) and _is_name(after[0]) and (_has_condition(after) or (ends and not small))
        case "SELECT" | "WITH":
            if verb == "WITH" and "AS" not in tokens[:6]:
                return False
            return _selects(tokens, small=small)
        case "TRUNCATE" | "RENAME" | "LOCK" | "OPTIMIZE" | "REPAIR" | "ANALYZE":
            return (second in ("TABLE", "TABLES") and _is_name(third)) or (
                verb == "TRUNCATE" and len(tokens) == 2 and second != "TABLE"
            )
        case "CREATE" | "ALTER" | "DROP":
            places = [place for place, token in enumerate(tokens[:5]) if token in _SCHEMA_KINDS]
            return bool(places) and len(tokens) > places[0] + 1 and (not small or (verb == "CREATE") == ("(" in tokens))
        case "CALL":
            return not small and _is_name(second) and third == "("
        case "LOAD":
            return second in ("DATA", "XML") and "INFILE" in tokens[:6]
        case "HANDLER":
            return third in ("OPEN", "READ", "CLOSE")
        case "PREPARE":
            return third == "FROM"
        case "EXECUTE":
            return (second == "IMMEDIATE" and bool(rest)) or (third == "USING" and not small)
        case "SET":
            scopes = ("SESSION", "GLOBAL", "PERSIST", "TRANSACTION", "PASSWORD", "NAMES")
            is_limit = second.upper() in LIMITS and third in ("=", ":", HOLE)
            return second in scopes or second.startswith("@") or is_limit
        case "GRANT" | "REVOKE":
            return "ON" in tokens and ("TO" in tokens or "FROM" in tokens or "to" in tokens)
        case "COPY":
            return not small and _is_name(second) and "STDIN" in tokens[:200]
        case "MERGE":
            return second == "INTO" and "USING" in tokens
        case "SHOW":
            return not small and second in ("TABLES", "CREATE", "FULL", "INDEX", "GRANTS", "COLUMNS", "VARIABLES")
        case "XA" | "BEGIN" | "DO" | "PRAGMA":
            return verb == "PRAGMA" and not small
    return False


def _is_name(token: str) -> bool:
    return bool(token) and (token[0].isalpha() or token[0] in "_?") and token.upper() not in _SHAPES - {"USER", "ROLE"}


def _assigns(tokens: list[str]) -> bool:
    return "=" in tokens[:8] or HOLE in tokens[:2]


def _has_condition(tokens: list[str]) -> bool:
    if "WHERE" in tokens:
        rest = tokens[tokens.index("WHERE") + 1 :]
        signs = {"=", "<", ">", "IN", "IS", "LIKE", "EXISTS", "?", "!", "BETWEEN", HOLE}
        return bool(signs & {*rest[:40]}) or any(HOLE in token for token in rest[:3])
    return any(token in ("LIMIT", "USING", "ORDER", "RETURNING", "JOIN") or HOLE in token for token in tokens)


def _selects(tokens: list[str], *, small: bool) -> bool:
    signs = bool({"*", "=", "?", ",", ">", "<", "%", HOLE} & {*tokens[1:200]})
    qualified = any("." in token[1:-1] for token in tokens[1:60])
    if "FROM" not in tokens:
        return False
    place = tokens.index("FROM")
    if place + 1 >= len(tokens) or not (_is_name(tokens[place + 1]) or tokens[place + 1] in ("(", HOLE)):
        return False
    if tokens[0] == "WITH":
        return not small or signs or qualified
    plain = place == 2 and not small and (len(tokens) == 4 or tokens[4] in _SHAPES or not tokens[4][0].isalpha())
    return plain or (
        (signs or qualified or "COUNT" in tokens or "LIMIT" in tokens)
        and _ends_like_a_table(tokens[place + 2 : place + 5], small=small)
    )


def _ends_like_a_table(after: list[str], *, small: bool) -> bool:
    """Whether what follows the table is a clause or one alias, and no further words of a sentence."""
    if not after or not after[0][0].isalpha() or after[0] in _SHAPES or HOLE in after[0]:
        return True
    return not small or len(after) < 2 or after[1] in _SHAPES or not after[1][0].isalpha()


def _without_strings(text: str) -> str:
    if "'" not in text:
        return text
    parts, position = [], 0
    while position < len(text):
        start = text.find("'", position)
        if start < 0:
            break
        parts.append(text[position:start])
        position = start + 1
        while position < len(text) and text[position] != "'":
            position += 2 if text[position] == "\\" else 1
        position += 1
        parts.append("?")
    parts.append(text[position:])
    return "".join(parts)
