"""Resource types that moto itself knows, such as buckets, topics and tables."""

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.cloudformation.parsing import get_model_map
from moto.core.common_models import CloudFormationModel

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.ports import ApiError


class Foreign:
    """A type of moto's: changed in place if moto can, else replaced."""

    def __init__(self, kind: str, model: type[CloudFormationModel]) -> None:
        self._type = kind
        self._model = model

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """Let moto make it."""
        naming = self._model.cloudformation_name_type()
        name = str(properties.get(naming) or _fitting(self._type, place.generated_name)) if naming else place.generated_name
        try:
            model = self._model.create_from_cloudformation_json(
                name,
                self._document(properties),
                place.account,
                place.region,
                LogicalId=place.logical_id,
                StackId=place.stack_id,
                ResourceType=self._type,
            )
        except KeyError as error:
            raise ApiError("InvalidRequest", f"Model validation failed (#: required key [{error.args[0]}] not found)") from error
        return ForeignMade(physical_id=str(getattr(model, "physical_resource_id", name)), model=model)

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Let moto change it, where moto can."""
        if hasattr(self._model.update_from_cloudformation_json, "__isabstractmethod__"):
            return None
        model = self._model.update_from_cloudformation_json(
            original_resource=made.model,
            new_resource_name=made.physical_id,
            cloudformation_json=self._document(new),
            account_id=place.account,
            region_name=place.region,
        )
        return ForeignMade(physical_id=str(getattr(model, "physical_resource_id", made.physical_id)), model=model)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """Let moto remove it."""
        if hasattr(made.model, "delete"):
            try:
                made.model.delete(place.account, place.region)
            except TypeError:  # a method of the same name for something else
                pass
            else:
                return
        if not hasattr(self._model.delete_from_cloudformation_json, "__isabstractmethod__"):
            self._model.delete_from_cloudformation_json(made.physical_id, self._document(properties), place.account, place.region)

    def _document(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {"Type": self._type, "Properties": dict(properties)}


class ForeignMade(Made):
    """A resource of moto's, which answers Fn::GetAtt itself."""

    def attribute(self, name: str) -> Any:
        """What moto says."""
        try:
            return self.model.get_cfn_attribute(name)
        except (AttributeError, NotImplementedError, UnformattedGetAttTemplateException) as error:
            raise ApiError("ValidationError", f"Template error: resource does not support attribute type {name} in Fn::GetAtt") from error


def known() -> dict[str, Foreign]:
    """All types of moto's with a real name."""
    return {kind: Foreign(kind, model) for kind, model in get_model_map().items() if kind.startswith("AWS::")}


def _fitting(kind: str, name: str) -> str:
    return name.lower()[-63:].lstrip("-") if kind == "AWS::S3::Bucket" else name
