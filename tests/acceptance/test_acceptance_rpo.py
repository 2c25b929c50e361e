"""`rpo` by the command line, over what `sync` read of the deployed example."""

from tests.acceptance.conftest import DAYS, Deployed

ORDERS = "arn:aws:dynamodb:eu-west-2:555555555555:table/orders"


def test_rpo_draws_every_vault_with_its_worst_day(deployed: Deployed):
    """Daily backups: about a day is at stake just before the next one; a bar for each day."""
    found = deployed.shell.strongroom("rpo", ORDERS, "--days", str(DAYS), "--format", "json").json
    assert found["rpo_minutes"] == 26 * 60
    assert {each["vault"] for each in found["vaults"]} >= {"three-tiers-local", "three-tiers-central"}
    local = next(each for each in found["vaults"] if each["vault"] == "three-tiers-local")
    assert 24 * 60 <= local["worst_minutes"] <= 26 * 60
    assert local["days_missed"] == 0
    assert [each["loss_minutes"] is None for each in local["by_day"]].count(False) >= DAYS - 1
    text = deployed.shell.strongroom("rpo", ORDERS, "--days", str(DAYS)).out
    assert "three-tiers-local in account 555555555555, eu-west-2" in text
    assert "objective 1 d 2 h held" in text


def test_an_objective_that_a_shorter_history_misses_is_a_finding(deployed: Deployed, tmp_path):
    """With one hour promised no day holds it."""
    strategy = (deployed.shell.folder / "strategy.yaml").read_text(encoding="utf-8")
    strict = tmp_path / "strict.yaml"
    strict.write_text(strategy.replace("rpo: 26h", "rpo: 1h"), encoding="utf-8")
    assert "missed on" in deployed.shell.strongroom("rpo", ORDERS, "--strategy", strict, code=1).out


def test_an_unknown_resource_is_the_user_s_mistake(deployed: Deployed):
    """The ledger doesn't know it."""
    assert "in the ledger" in deployed.shell.strongroom("rpo", f"{ORDERS}-2", code=2).err
    assert "--days" in deployed.shell.strongroom("rpo", ORDERS, "--days", "0", code=2).err
