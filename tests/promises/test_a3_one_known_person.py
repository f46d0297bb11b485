"""An approver is one (team id, user id) mapped to one known person; none or several are refused, and names never matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.approval.policy import Refusal, refusal, standing
from bot.cli import setting_up
from bot.errors import InventoryError
from bot.inventory import load
from bot.model.host import Approvers
from bot.model.person import Person, Register
from bot.model.problem import Risk
from bot.model.review import Actor, Standing
from handlers.actor import People
from tests.support.plans import ANNE, APPROVERS, TEAM, plan, review

ONE = Person(name="anne", accounts=frozenset({(TEAM, "U0ANNE")}))
AGAIN = Person(name="anne-two", accounts=frozenset({(TEAM, "U0ANNE")}))
ELSEWHERE = Person(name="anne", accounts=frozenset({("T0002", "U0ANNE")}))
NAMESAKE = Actor(team=TEAM, id="U0EVE", name="Anne")


@pytest.mark.parametrize(
    ("register", "actor", "refused"),
    [
        ((ONE,), ANNE, None),  # exactly one
        ((ELSEWHERE,), ANNE, Refusal.UNKNOWN_PERSON),  # the same user id in another team is another account
        ((Person(name="bert"),), ANNE, Refusal.UNKNOWN_PERSON),  # none
        ((ONE, AGAIN), ANNE, Refusal.UNKNOWN_PERSON),  # several
        ((), ANNE, None),  # people are not listed at all: the account itself is the person
        ((ONE,), replace(ANNE, name="Somebody else"), None),  # a name decides nothing …
        ((ONE,), NAMESAKE, Refusal.NOT_AN_APPROVER),  # … in either direction
        ((ONE,), replace(NAMESAKE, name="anne"), Refusal.NOT_AN_APPROVER),  # the register's own name for her
        ((ONE,), replace(NAMESAKE, name="U0ANNE"), Refusal.NOT_AN_APPROVER),  # her very id, as a name
        ((ONE,), replace(ANNE, id="u0anne"), Refusal.NOT_AN_APPROVER),
        ((ONE,), replace(ANNE, id=""), Refusal.NOT_AN_APPROVER),
        ((ONE,), replace(ANNE, team=""), Refusal.OTHER_TEAM),
    ],
)
def test_which_account_is_one_known_person(register: tuple[Person, ...], actor: Actor, refused: Refusal | None) -> None:
    one = plan()
    assert refusal(one, actor, APPROVERS, TEAM, Register(register)) is refused
    added = standing(one, [review(one, actor)], APPROVERS, one.created_at, register=Register(register))
    assert added is (Standing.APPROVED if refused is None else Standing.PENDING)


class Answers:
    """Slack's answer about one person whose names and address are those of an approver."""

    async def users_info(self, user: str, include_locale: bool) -> dict[str, Any]:
        profile = {"real_name": "Anne", "display_name": "anne", "email": "anne@example.com", "image_72": "same.png"}
        return {"user": {"id": user, "team_id": TEAM, "name": "anne", "real_name": "Anne", "profile": profile}}


async def test_names_addresses_and_pictures_of_an_approver_give_no_right() -> None:
    people = People(Answers(), lambda: 0.0, "en")  # type: ignore[arg-type]  # all that is asked of the client
    actor = await people.actor("U0EVE", Approvers(users=frozenset({"U0ANNE"})))
    assert refusal(plan(), actor, APPROVERS, TEAM) is Refusal.NOT_AN_APPROVER


def test_two_accounts_of_one_person_count_once() -> None:
    both = Register((Person(name="anne", accounts=frozenset({(TEAM, "U0ANNE"), (TEAM, "U0ANN2")})),))
    wide = Approvers(users=frozenset({"U0ANNE", "U0ANN2"}))
    one = plan(risk=Risk.HIGH)
    reviews = [review(one, ANNE), review(one, replace(ANNE, id="U0ANN2"))]
    assert standing(one, reviews, wide, one.created_at, register=both) is Standing.PENDING


KEY = "ssh-ed25519 " + "A" * 68
PERSON = f"""
[[person]]
name = "anne"
accounts = ["T0001/U0ANNE", "T0001/U0ANN2"]
logins = ["anne"]
keys = ["{KEY} anne@laptop"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "inventory.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_person_is_read_whole(tmp_path: Path) -> None:
    (anne,) = load(written(tmp_path, PERSON)).register
    assert anne == Person(
        name="anne",
        accounts=frozenset({("T0001", "U0ANNE"), ("T0001", "U0ANN2")}),
        logins=frozenset({"anne"}),
        keys=(KEY,),
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[person]]\nname = "bert"\naccounts = ["T0001/U0ANN2"]\n', "the account T0001/U0ANN2 stands for anne and for bert"),
        ('[[person]]\nname = "anne"\n', "the name anne stands for"),
        ('[[person]]\nname = "bert"\nlogins = ["anne"]\n', "the login anne stands for anne and for bert"),
        (f'[[person]]\nname = "bert"\nkeys = ["{KEY} another comment"]\n', "the key ssh-ed25519"),
        ('[[person]]\nname = "bert"\naccounts = ["U0BERT"]\n', "team id/user id"),
        ('[[person]]\nname = "bert"\naccounts = ["bert"]\n', "team id/user id"),
        ('[[person]]\nname = "bert"\naccounts = "T1/U1"\n', "not a list"),
        ('[[person]]\nname = "bert"\nemail = "bert@example.com"\n', "'email' is not known"),
        ('[[person]]\nname = "bert"\nkeys = ["cert-authority ssh-ed25519 AAAA"]\n', "a public key"),
        ('[[person]]\nname = "bert"\nkeys = ["-----BEGIN OPENSSH PRIVATE KEY-----"]\n', "a public key"),
        ('[[person]]\nname = "bert"\nkeys = ["ssh-ed25519 AAAA\\nevil ssh-ed25519 AAAA"]\n', "a public key"),
        ('[[person]]\nname = "Bert Smith"\n', "`name`"),
    ],
)
def test_what_is_ambiguous_or_no_id_stops_the_start(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load(written(tmp_path, PERSON + more))
    assert said in str(caught.value)


def test_a_login_at_the_command_line_is_the_same_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUDO_USER", "anne")
    register = load(written(tmp_path, PERSON)).register
    requester = f"local:{setting_up.login()}"
    assert register.asked(requester) == {"anne"}
    for user in ("U0ANNE", "U0ANN2"):
        actor = Actor(team="T0001", id=user, groups=frozenset({"S0POST"}))
        assert refusal(plan(requester=requester), actor, APPROVERS, "T0001", register) is Refusal.OWN_REQUEST
