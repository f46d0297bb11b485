"""Does the general check of a real host group a queue of mixed reasons by problem, with counts and the host's own times?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.knowledge import library
from bot.model.checkup import Source
from bot.model.moment import moment
from bot.model.text import LANGS
from bot.render.checkup_card import findings
from bot.render.templates import plain_value
from tests.lab import Lab
from tests.lab.proving import HOSTS, bench, made_new

LIBRARY = library.load()

# The peer greylists two messages; port 25 of two other domains is filtered for four more.
MIXED = """
lab-peer rcpt '450 4.2.0 <user>: Recipient address rejected: Greylisted'
lab-send 2
nft add table ip lab; nft add chain ip lab out '{ type filter hook output priority 0; }'
nft add rule ip lab out tcp dport 25 ip daddr '{ 203.0.113.10-203.0.113.13 }' drop
postconf -e smtp_connect_timeout=2s; postfix reload; sleep 1
for to in bob1@remote.example bob2@remote.example bob1@partner.example bob2@partner.example; do
    echo body | /usr/sbin/sendmail -f alice $to
done
sleep 12
date +%s
"""


@pytest.mark.parametrize("name", HOSTS)
async def test_a_queue_of_mixed_reasons_is_told_by_problem_and_time(enrolled: Lab, name: str, tmp_path: Path) -> None:
    host = enrolled[name]
    try:
        begin = int(host.run("date +%s", check=True).out)
        end = int((await asyncio.to_thread(host.run, MIXED, timeout=90)).out.split()[-1])
        async with bench(enrolled, tmp_path) as on:
            known = on.engine.inventory[name]
            checkup = await on.engine.check(known, on.engine.reader(known))
    finally:
        made_new(enrolled, name)

    groups = {one.match.problem: one for one in checkup.seen if one.source is Source.QUEUE and one.match}
    assert {problem: one.count for problem, one in groups.items()} == {"send-port25-blocked": 4, "send-remote-greylisted": 2}
    assert next(iter(groups)) == "send-port25-blocked"
    for one in groups.values():
        assert moment(begin) <= one.oldest <= one.newest <= moment(end)
    logged = [one for one in checkup.seen if one.source is Source.LOG and one.sure]
    assert {"send-port25-blocked"} <= {one.match.problem for one in logged if one.match}
    assert all(moment(begin) <= one.oldest <= one.newest <= moment(end) for one in logged)
    titles = {problem: LIBRARY[problem].title for problem in LIBRARY}
    for lang in LANGS:
        (said,) = [text for _, text in findings(checkup, titles, lang, plain_value) if text.startswith("6 ")]
        assert titles["send-port25-blocked"][lang] in said
        assert said.index(groups["send-port25-blocked"].oldest) >= 0
