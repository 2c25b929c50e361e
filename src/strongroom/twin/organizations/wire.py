"""Organizations on moto's server: our classes in place of moto's."""

import json
from typing import Any, ClassVar

from moto.core.responses import TYPE_RESPONSE
from moto.organizations import models, responses, urls

from strongroom.twin.organizations.newaccounts import open_to
from strongroom.twin.organizations.service import Organizations
from strongroom.twin.ports import ApiError


class OrganizationsResponse(responses.OrganizationsResponse):
    """Answers the JSON protocol of Organizations from our own state."""

    organizations: ClassVar[Organizations]

    def call_action(self) -> TYPE_RESPONSE:
        """Do the operation that the request names."""
        operation = self._get_action()
        headers = dict(self.response_headers) | {"Content-Type": "application/x-amz-json-1.1"}
        try:
            answer = self.organizations.call(
                self.current_account, operation, json.loads(self.body or "{}"), principal=str(self.headers.get("x-twin-principal", ""))
            )
        except ApiError as error:
            body = {"__type": error.code, "Message": error.message, "message": error.message} | error.members
            headers["x-amzn-ErrorType"] = error.code
            return error.status, self._enrich_response(headers, "")[0], json.dumps(body)
        return 200, self._enrich_response(headers, "")[0], json.dumps(answer)


class OrganizationsBackend(models.OrganizationsBackend):
    """What other services of moto (RAM) read of the organization."""

    __module__ = models.__name__  # moto finds the URL table of a backend by the name of its module
    organizations: ClassVar[Organizations]

    def describe_organization(self) -> dict[str, Any]:
        """The organization, in moto's own terms of refusal."""
        try:
            return self.organizations.call(self.account_id, "DescribeOrganization", {})
        except ApiError as error:
            raise models.AWSOrganizationsNotInUseException from error

    def reset(self) -> None:
        """Forget the organization, as moto's own reset does."""
        self.organizations.reset()


def install() -> Organizations:
    """Put our Organizations in place of moto's, with no organization yet; before moto's applications are created."""
    organizations = Organizations()
    organizations.made = open_to
    OrganizationsResponse.organizations = organizations
    OrganizationsBackend.organizations = organizations
    responses.OrganizationsResponse = OrganizationsResponse
    urls.url_paths = {"{0}/$": OrganizationsResponse.dispatch}
    models.organizations_backends.backend = OrganizationsBackend
    models.organizations_backends.clear()
    return organizations
