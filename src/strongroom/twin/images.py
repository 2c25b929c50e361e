"""Allowed AMIs and disabled AMIs, of which moto knows nothing (EC2 API reference, EnableAllowedImagesSettings, DisableImage …).

The AMIs of recovery points are AWS Backup's alone until somebody disables one: then EC2 lists it, as it does on request.
"""

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
        else:
            answer.result["Images"] = [*answer.result["Images"], *_backed_up(self)]
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
    backend, image_id = response.ec2_backend, response._get_param("ImageId")
    if image_id not in backend.amis and image_id in _of_recovery_points(backend):
        backend.disabled_points = {**getattr(backend, "disabled_points", {}), image_id: state}
        return _answer(Return=True)
    (image,) = backend.describe_images(ami_ids=[image_id])
    image.state = state
    return _answer(Return=True)


def _of_recovery_points(backend: Any) -> dict[str, Any]:
    """Return the recovery points of an account and Region that are AMIs, by the AMI's id."""
    place = backend.blocks.world.places.get((backend.account_id, backend.region_name)) if hasattr(backend, "blocks") else None
    vaults = place.vaults.values() if place is not None else ()
    return {arn.rpartition("/")[2]: point for vault in vaults for arn, point in vault.points.items() if ":image/ami-" in arn}


def _backed_up(response: Any) -> list[dict[str, Any]]:
    """Return the AMIs of recovery points that are disabled and still there."""
    backend = response.ec2_backend
    disabled = [each for each, state in getattr(backend, "disabled_points", {}).items() if state == "disabled"]
    points = _of_recovery_points(backend) if disabled else {}
    return [
        {"ImageId": each, "State": "disabled", "OwnerId": backend.account_id, "CreationDate": points[each].created_at}
        for each in disabled
        if each in points
    ]
