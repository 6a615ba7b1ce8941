"""The domain of a table, by its name."""

from __future__ import annotations

import pytest

from gates.static_scan.domains import domain_of


@pytest.mark.parametrize(
    ("table", "domain"),
    [
        ("script_versions", "versions"),
        ("app.`revisions`", "versions"),
        ("ChatMessages", "chat"),
        ("scripts", "scripts"),
        ("categories", "other"),
        ("alembic_version", "other"),
        ("flyway_schema_history", "other"),
        ("schema_versions", "other"),
        ("SchemaMigrations", "other"),
    ],
)
def test_a_table_has_the_domain_of_its_name(table: str, domain: str):
    assert domain_of(table) == domain


def test_a_configuration_decides_first():
    assert domain_of("alembic_version", {"alembic_version": "versions"}) == "versions"
