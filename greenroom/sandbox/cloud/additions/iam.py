"""IAM: client ids of identity providers, boundaries of users, tags of instance profiles; a user that moves keeps tags.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
"""

from __future__ import annotations

from typing import Any


def install_in_moto() -> None:
    """Put the operations into moto's response, and the mended ones into its backend."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.iam.responses import IamResponse

    def add_client_id_to_open_id_connect_provider(self: Any) -> Any:
        client_ids = _provider(self).client_id_list
        if self._get_param("ClientID") not in client_ids:
            client_ids.append(self._get_param("ClientID"))
        return EmptyResult()

    def remove_client_id_from_open_id_connect_provider(self: Any) -> Any:
        client_ids = _provider(self).client_id_list
        if self._get_param("ClientID") in client_ids:
            client_ids.remove(self._get_param("ClientID"))
        return EmptyResult()

    def list_instance_profile_tags(self: Any) -> Any:
        profile = self.backend.get_instance_profile(self._get_param("InstanceProfileName"))
        return ActionResult({"Tags": profile.tags, "IsTruncated": False})

    def put_user_permissions_boundary(self: Any) -> Any:
        user = self.backend.get_user(self._get_param("UserName"))
        user.permissions_boundary = _boundary(self._get_param("PermissionsBoundary"))
        return EmptyResult()

    def delete_user_permissions_boundary(self: Any) -> Any:
        self.backend.get_user(self._get_param("UserName")).permissions_boundary = None
        return EmptyResult()

    IamResponse.add_client_id_to_open_id_connect_provider = add_client_id_to_open_id_connect_provider
    IamResponse.remove_client_id_from_open_id_connect_provider = remove_client_id_from_open_id_connect_provider
    IamResponse.list_instance_profile_tags = list_instance_profile_tags
    IamResponse.put_user_permissions_boundary = put_user_permissions_boundary
    IamResponse.delete_user_permissions_boundary = delete_user_permissions_boundary
    _mend_users()


def _mend_users() -> None:
    """A user is made with its boundary, and keeps its tags when it moves."""
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    create_user, update_user = IamResponse.create_user, IAMBackend.update_user

    def create_user_with_boundary(self: Any) -> Any:
        result = create_user(self)
        boundary = self._get_param("PermissionsBoundary")
        if boundary:
            self.backend.get_user(self._get_param("UserName")).permissions_boundary = _boundary(boundary)
        return result

    def update_user_and_keep_tags(
        self: Any, user_name: str, new_path: str | None = None, new_user_name: str | None = None
    ) -> None:
        tags = self.list_user_tags(user_name)
        update_user(self, user_name, new_path, new_user_name)
        self.tag_user(new_user_name or user_name, tags)

    IamResponse.create_user = create_user_with_boundary
    IAMBackend.update_user = update_user_and_keep_tags


def _provider(response: Any) -> Any:
    return response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))  # noqa: SLF001  moto's own word for a request's parameter


def _boundary(arn: str) -> dict[str, str]:
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
