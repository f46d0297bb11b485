"""Is a service judged by its real unit and its process, on both releases?"""

from __future__ import annotations

import pytest

from bot.facts.service import Service, service
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer

SHELL_12 = "Type=oneshot\nResult=success\nId=postfix.service\nLoadState=loaded\nActiveState=active\nSubState=exited\n\n"
REAL_12 = "Type=forking\nResult={0}\nId=postfix@-.service\nLoadState=loaded\nActiveState={1}\nSubState={2}\n"
REAL_13 = "Type=forking\nResult={0}\nId=postfix.service\nLoadState=loaded\nActiveState={1}\nSubState={2}\n\n"
REST_13 = "Type=simple\nResult=success\nId=postfix@-.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\n"
MASTER = "process /usr/lib/postfix/sbin/master\n"


def judge(units: str, processes: str = "visible\n", name: str = "postfix") -> Service:
    found = service(answer(f"[units]\n{units}\n[processes]\n{processes}[command]\n/usr/sbin/{name}\n"), name)
    assert isinstance(found, Service)
    return found


def test_debian_12_judges_the_instance_not_its_shell() -> None:
    failed = judge(SHELL_12 + REAL_12.format("exit-code", "failed", "failed"))
    assert (failed.state, failed.running, failed.failed, failed.real_unit) == ("failed", False, True, "postfix@-.service")
    healthy = judge(SHELL_12 + REAL_12.format("success", "active", "running"), "visible\n" + MASTER)
    assert (healthy.state, healthy.running, healthy.real_unit) == ("running", True, "postfix@-.service")


def test_debian_13_judges_postfix_service() -> None:
    failed = judge(REAL_13.format("exit-code", "failed", "failed") + REST_13)
    assert (failed.state, failed.failed, failed.real_unit) == ("failed", True, "postfix.service")
    assert judge(REAL_13.format("success", "active", "running") + REST_13, "visible\n" + MASTER).state == "running"


def test_what_systemd_believes_is_compared_with_the_master_process() -> None:
    believed = SHELL_12 + REAL_12.format("success", "active", "running")
    assert judge(believed, "visible\n").state == "no-master"
    assert judge(believed, "").state == "running", "hidden processes prove nothing"
    assert judge(REAL_13.format("success", "inactive", "dead"), "visible\n" + MASTER).state == "unmanaged"
    assert judge("", "visible\n" + MASTER).state == "running", "a host without systemd"


def test_another_program_called_master_is_not_postfix() -> None:
    assert judge("", "visible\nprocess master\n").state == "stopped"


def test_a_start_script_that_ended_does_not_run() -> None:
    exited = "Type=forking\nId=saslauthd.service\nLoadState=loaded\nActiveState=active\nSubState=exited\n"
    assert judge(exited, name="saslauthd").state == "exited"
    assert not judge(exited, name="saslauthd").running


def test_not_installed() -> None:
    found = service(answer("[units]\nId=opendkim.service\nLoadState=not-found\n[processes]\nvisible\n[command]\n"), "opendkim")
    assert isinstance(found, Service)
    assert not found.installed
    assert found.state == "stopped"


@pytest.mark.parametrize("text", ["", "[units]\n", "\x00" * 100])
def test_another_form_is_unknown(text: str) -> None:
    assert isinstance(service(answer(text), "postfix"), Unknown)
