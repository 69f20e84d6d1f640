"""Components of the Voila dashboards, and the server's identity provider."""
