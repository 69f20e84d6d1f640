"""OpenID Connect: logging in at an identity server, its tokens, and the administration of Keycloak's users."""
