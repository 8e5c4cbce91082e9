"""Services come and go in any order: what was said while one was away reaches it later."""

from tests.fixtures.deployment import SERVICES, Deployment
from tests.fixtures.neighbourhood import Neighbourhood


def test_notify_away_while_reports_come_in(deployment: Deployment, here: Neighbourhood) -> None:
    assert deployment.suite.stop("notify")
    case = here.reported(here.resident)
    here.resolved(here.guard, case, here.resident, unheard=True)
    assert not here.ledger.lines(here.addresses)
    deployment.suite.start("notify")
    here.hears_all()


def test_notify_first_and_then_issues(deployment: Deployment, here: Neighbourhood) -> None:
    here.reported(here.resident)
    for service in SERVICES:
        assert deployment.suite.stop(service)
    for service in reversed(SERVICES):
        deployment.suite.start(service)
    here.reported(here.rider)
    here.hears_all()
