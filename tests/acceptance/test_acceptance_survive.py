"""`survive` by the command line, over what `sync` read of the deployed example."""

import json

from tests.acceptance.conftest import Deployed

ORDERS = "arn:aws:dynamodb:eu-west-2:555555555555:table/orders"


def test_survive_says_how_many_things_have_to_go_wrong(deployed: Deployed):
    """Something isn't backed up, so that nothing has to happen; patterns name an example and what would help."""
    text = deployed.shell.strongroom("survive", code=1).out
    assert "how many things have to go wrong before data are lost" in text
    assert "help: back it up" in text
    found = deployed.shell.strongroom("survive", "--format", "json", code=1).json
    assert sum(found["by_size"].values()) == found["resources"]
    assert found["unknown"] == []
    nothing = found["patterns"][0]
    assert (nothing["events"], nothing["resources"]) == ([], found["by_size"]["0"])
    assert all(each["improvement"] or not each["events"] for each in found["patterns"])


def test_survive_of_one_resource_shows_its_copies(deployed: Deployed):
    """Its own vault and those of the central account, with what destroys each."""
    found = deployed.shell.strongroom("survive", ORDERS, "--days", "1", "--format", "json", code=1).json
    assert len(found["copies"]) >= 2
    assert all("the management account is taken" in copy["destroyed_by"] for copy in found["copies"])
    alone = {each["words"] for each in found["sets"] if len(each["events"]) == 1}
    # the roles that the organization has for Strongroom may do everything, and trust the backup administrator's account
    assert alone == {"the management account is taken", "an administrator of account 222222222222 turns"}


def test_an_unknown_resource_is_the_user_s_mistake(deployed: Deployed):
    """The ledger doesn't know it: bad input, with where to look."""
    answer = deployed.shell.strongroom("survive", "arn:aws:dynamodb:eu-west-2:555555555555:table/nowhere", code=2)
    assert "table/nowhere is not in snapshot" in answer.err
    assert "ransomware" in deployed.shell.strongroom("survive", "--days", "0", code=2).err


def test_json_is_one_document(deployed: Deployed):
    """Whatever is printed for machines can be read by them."""
    text = deployed.shell.strongroom("survive", "--format", "json", "--days", "3", "--days", "400", code=1).out
    assert [each["days"] for each in json.loads(text)["clean_after"]] == [3, 400]
