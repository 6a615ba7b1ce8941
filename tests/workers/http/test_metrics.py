"""The metrics route: for viewers and operators, the numbers of `scriptledger status`; nothing without a password."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.workers.http.site import ANNA, BEN, Site
from tests.workers.monitoring.alerting import firing


@pytest.mark.parametrize("who", [ANNA, BEN])
def test_everybody_who_may_sign_in_may_read_the_metrics(site: Site, who: tuple[str, str]):
    seen = site.get("/metrics", who)

    assert seen.status == 200
    assert seen.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert {family.name for family in text_string_to_metric_families(seen.text)} >= {"scriptledger_problem"}


def test_no_metric_is_shown_without_a_password(site: Site):
    seen = site.get("/metrics", None)

    assert seen.status == 401
    assert "scriptledger_" not in seen.text


def test_the_alerts_fire_on_what_is_read(site: Site):
    with site.unit_of_work.records() as tx:
        tx.inbox.put(900, "waits", b"{}", 1)
    fired = firing(site.get("/metrics").text.encode())
    with site.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM submission_inbox WHERE script_id = 900")

    assert {("ScriptledgerBrokerDown", ""), ("ScriptledgerSubmissionsWait", "")} <= fired
    assert ("ScriptledgerRoleMissing", "commands") in fired
    assert ("ScriptledgerSubmissionsWait", "") not in firing(site.get("/metrics").text.encode())
