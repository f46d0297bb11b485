"""Does the doctor say when the record has one witness less?"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.database_findings import look_at_witness
from bot.cli.findings import Verdict


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_a_record_without_the_system_log_is_noted(tmp_path: Path, *, wanted: bool, there: bool) -> None:
    device = tmp_path / "log"
    if there:
        device.touch()
    found = look_at_witness(wanted, "en", device)
    assert [one.verdict for one in found] == ([] if wanted and there else [Verdict.NOTED])
    for one in found:
        assert (str(device) in one.says, one.mend == "audit_syslog = true") == (wanted, not wanted)
