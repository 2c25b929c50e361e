"""Allowed AMIs and disabled AMIs, of which moto knows nothing (EC2 API reference, EnableAllowedImagesSettings, DisableImage …)."""

from typing import Any


def teach_ec2() -> None:
    """Let moto's EC2 keep the Allowed AMIs setting, and disable images."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.responses import EC2Response

    EC2Backend.allowed_images = {"State": "disabled", "ImageCriteria": []}
    EC2Response.get_allowed_images_settings = _get_settings
    EC2Response.enable_allowed_images_settings = _enable_settings
    EC2Response.disable_allowed_images_settings = _disable_settings
    EC2Response.replace_image_criteria_in_allowed_images_settings = _replace_criteria
    EC2Response.disable_image = lambda self: _set_state(self, "disabled")
    EC2Response.enable_image = lambda self: _set_state(self, "available")
    described = EC2Response.describe_images

    def describe_images(self: Any) -> Any:
        """Leave out disabled images unless they are asked for."""
        answer = described(self)
        if str(self._get_param("IncludeDisabled", "false")).lower() != "true":
            answer.result["Images"] = [image for image in answer.result["Images"] if image.state != "disabled"]
        return answer

    EC2Response.describe_images = describe_images


def _answer(**members: Any) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult(members)


def _keep(response: Any, **changed: Any) -> None:
    response.ec2_backend.allowed_images = {**response.ec2_backend.allowed_images, **changed}


def _get_settings(response: Any) -> Any:
    return _answer(**response.ec2_backend.allowed_images, ManagedBy="account")


def _enable_settings(response: Any) -> Any:
    state = response._get_param("AllowedImagesSettingsState")
    _keep(response, State=state)
    return _answer(AllowedImagesSettingsState=state)


def _disable_settings(response: Any) -> Any:
    _keep(response, State="disabled")
    return _answer(AllowedImagesSettingsState="disabled")


def _replace_criteria(response: Any) -> Any:
    _keep(response, ImageCriteria=response._get_param("ImageCriteria", []))
    return _answer(ReturnValue=True)


def _set_state(response: Any, state: str) -> Any:
    (image,) = response.ec2_backend.describe_images(ami_ids=[response._get_param("ImageId")])
    image.state = state
    return _answer(Return=True)
