"""Resource Access Manager on moto's server: our classes in place of moto's."""

import json
from typing import Any, ClassVar

from moto.core.responses import TYPE_RESPONSE
from moto.ram import responses, urls

from strongroom.twin.organizations import Organizations
from strongroom.twin.ports import ApiError
from strongroom.twin.sharing.service import OPERATIONS, Ask

_MOTO = ("ListPermissions", "ListResourceTypes")  # which moto answers itself


class SharingResponse(responses.ResourceAccessManagerResponse):
    """Answers the REST protocol of Resource Access Manager."""

    organization: ClassVar[Organizations]

    def call_action(self) -> TYPE_RESPONSE:
        """Do the operation that the request names."""
        operation = self._get_action()
        if operation in _MOTO:
            return super().call_action()
        headers = dict(self.response_headers) | {"Content-Type": "application/json"}
        try:
            answer = self._answer(operation)
        except ApiError as error:
            headers["x-amzn-ErrorType"] = error.code
            body = {"__type": error.code, "message": error.message}
            return error.status, self._enrich_response(headers, "")[0], json.dumps(body)
        return 200, self._enrich_response(headers, "")[0], json.dumps(answer)

    def _answer(self, operation: str) -> dict[str, Any]:
        action = OPERATIONS.get(operation)
        if action is None:
            raise ApiError("NotImplemented", f"the twin has no {operation} of Resource Access Manager", status=501)
        given = json.loads(self.body) if self.body else {}
        given |= {name: values[0] for name, values in self.querystring.items()} if not given else {}
        ask = Ask(account=self.current_account, region=self.region, organization=self.organization, parameters=given)
        return action(ask)


def install(organization: Organizations) -> None:
    """Put our Resource Access Manager in place of moto's; before moto's applications are created."""
    SharingResponse.organization = organization
    responses.ResourceAccessManagerResponse = SharingResponse
    urls.url_paths = {f"{{0}}/{name.lower()}/?$": SharingResponse.dispatch for name in (*OPERATIONS, *_MOTO)}
