"""Spellings of MariaDB and MySQL, also of versions that no test server has, become one; grants are read as they are."""

from __future__ import annotations

import pytest

from repos.legacy.grants import unseen_by_account
from repos.legacy.schema_shape import CheckShape, ColumnShape
from repos.legacy.spellings import default_of, json_columns, on_update_of, options_of, plain_charset, plain_type


@pytest.mark.parametrize(
    ("spelled", "plain"),
    [
        ("int(11)", "int"),
        ("INT(10) UNSIGNED", "int unsigned"),
        ("int(5) unsigned zerofill", "int unsigned zerofill"),
        ("tinyint(1)", "tinyint"),
        ("bigint", "bigint"),
        ("year(4)", "year"),
        ("decimal(10,2)", "decimal(10,2)"),
        ("varchar(11)", "varchar(11)"),
        ("bit(1)", "bit(1)"),
        ("datetime(3)", "datetime(3)"),
        ("enum('INT(11)','b')", "enum('INT(11)','b')"),
        ("ENUM('Draft')", "enum('Draft')"),
        ("geomcollection", "geometrycollection"),
        ("geometry", "geometry"),
    ],
)
def test_types_lose_their_display_width(spelled: str, plain: str):
    assert plain_type(spelled) == plain


@pytest.mark.parametrize(
    ("default", "extra", "quoted", "expected"),
    [
        (None, "", True, (None, None)),
        ("NULL", "", True, (None, None)),
        ("NULL", "", False, ("NULL", None)),  # MySQL: the text
        ("'NULL'", "", True, ("NULL", None)),
        ("'it''s'", "", True, ("it's", None)),
        ("'a\\'b\\\\'", "", True, ("a'b\\", None)),
        ("it's", "", False, ("it's", None)),
        ("0", "", True, ("0", None)),
        ("-1.50", "", True, ("-1.50", None)),
        ("b'101'", "", True, ("b'101'", None)),
        ("current_timestamp()", "", True, (None, "current_timestamp")),
        ("current_timestamp(3)", "", True, (None, "current_timestamp(3)")),
        ("CURRENT_TIMESTAMP", "", False, (None, "current_timestamp")),  # MySQL 5.7 does not mark it
        ("CURRENT_TIMESTAMP(3)", "DEFAULT_GENERATED", False, (None, "current_timestamp(3)")),
        ("uuid()", "DEFAULT_GENERATED", False, (None, "uuid()")),
        ("concat(_utf8mb4\\'a\\')", "DEFAULT_GENERATED", False, (None, "concat(_utf8mb4'a')")),
        ("uuid()", "", True, (None, "uuid()")),
        ("uuid()", "", False, ("uuid()", None)),  # MySQL: the text
        ("", "", False, ("", None)),
        ("draft", "", False, ("draft", None)),  # MariaDB before 10.2.7 too
    ],
)
def test_defaults_are_literals_or_expressions(
    default: str | None, extra: str, quoted: bool, expected: tuple[str | None, str | None]
):
    assert default_of(default, extra, quoted=quoted) == expected


def test_what_else_a_column_is():
    assert on_update_of("DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)") == "current_timestamp(3)"
    assert on_update_of("on update current_timestamp()") == "current_timestamp"
    assert on_update_of("auto_increment") is None
    assert options_of("DEFAULT_GENERATED on update CURRENT_TIMESTAMP") == ()
    assert options_of("STORED GENERATED INVISIBLE") == ("invisible",)
    assert options_of("auto_increment") == ()
    assert [plain_charset(name) for name in ("utf8", "utf8_bin", "utf8mb4_bin", None, "")] == [
        "utf8mb3",
        "utf8mb3_bin",
        "utf8mb4_bin",
        None,
        None,
    ]


@pytest.mark.parametrize("check", ["json_valid(`data`)", "(json_valid(`data`))", "JSON_VALID(`data`)"])
def test_a_longtext_that_is_checked_to_be_json_is_json(check: str):
    text = ColumnShape("data", "longtext", charset="utf8mb4", collation="utf8mb4_bin")
    other = CheckShape("json_valid(`data`) and `id` > 1")

    columns, checks = json_columns([text, ColumnShape("more", "longtext")], [CheckShape(check), other])

    assert columns == (ColumnShape("data", "json"), ColumnShape("more", "longtext"))
    assert checks == (other,)
    assert json_columns([ColumnShape("data", "text")], [CheckShape(check)])[1] == (CheckShape(check),)


@pytest.mark.parametrize(
    ("grants", "unseen"),
    [
        (["GRANT USAGE ON *.* TO `r`@`%`", "GRANT SELECT ON `leg`.* TO `r`@`%`"], ("triggers", "routines")),
        (["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"], ()),
        (["GRANT ALL PRIVILEGES ON `leg`.* TO `r`@`%`"], ()),
        (["GRANT ALL PRIVILEGES ON `other`.* TO `r`@`%`"], ("triggers", "routines")),
        (["GRANT SELECT, TRIGGER ON `l_g`.* TO `r`@`%`"], ("routines",)),
        (["GRANT SELECT, TRIGGER ON `le%`.* TO `r`@`%`"], ("routines",)),
        (["GRANT SELECT, TRIGGER ON `l\\_g`.* TO `r`@`%`"], ("triggers", "routines")),
        (["GRANT SELECT ON *.* TO `r`@`%`"], ("triggers",)),
        (["GRANT SELECT ON `leg`.* TO `r`@`%`", "GRANT SHOW_ROUTINE,BACKUP_ADMIN ON *.* TO `r`@`%`"], ("triggers",)),
        (["GRANT SELECT, TRIGGER ON `leg`.* TO `r`@`%`", "GRANT SELECT ON `mysql`.`proc` TO `r`@`%`"], ()),
        (["GRANT SELECT, TRIGGER ON `leg`.`users` TO `r`@`%`"], ("triggers", "routines")),
        (["GRANT EXECUTE ON `leg`.* TO `r`@`%`"], ("triggers",)),
    ],
)
def test_what_an_account_may_not_see_follows_from_its_grants(grants: list[str], unseen: tuple[str, ...]):
    def fetch(statement: str) -> list[tuple[str]]:
        of_roles = "SHOW GRANTS FOR CURRENT_USER() USING `a`@`%`,`b`@`%`"
        return {"SELECT CURRENT_ROLE()": [("`a`@`%`,`b`@`%`",)], of_roles: [(grant,) for grant in grants]}[statement]

    assert unseen_by_account(fetch, "leg", has_roles=True, is_mariadb=False) == unseen
    listed = [(grant,) for grant in grants]
    assert unseen_by_account(lambda _: listed, "leg", has_roles=False, is_mariadb=False) == unseen


@pytest.mark.parametrize(
    ("grant", "sees"),
    [
        ("SELECT ON `leg`.*", True),
        ("SHOW VIEW ON `l_g`.*", True),
        ("ALL PRIVILEGES ON *.*", True),
        ("USAGE ON *.*", False),
        ("EXECUTE, EVENT ON `leg`.*", False),
        ("SELECT, INSERT ON `leg`.`users`", False),
        ("SELECT ON `other`.*", False),
    ],
)
def test_checks_are_hidden_on_mariadb_from_who_may_use_single_tables(grant: str, sees: bool):
    def fetch(_: str) -> list[tuple[str]]:
        return [(f"GRANT {grant} TO `r`@`%`",)]

    assert ("checks" not in unseen_by_account(fetch, "leg", has_roles=False, is_mariadb=True)) == sees
    assert "checks" not in unseen_by_account(fetch, "leg", has_roles=False, is_mariadb=False)
