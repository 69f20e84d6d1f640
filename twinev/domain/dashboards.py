"""Which dashboards there are, and who may open them: the one list for the start page and for the dashboards' server."""

from __future__ import annotations

from dataclasses import dataclass

from twinev.domain.users import Role, User


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A notebook in ``dashboards/`` that is served as a page to the holders of one of ``roles``."""

    notebook: str
    title: str
    purpose: str
    roles: frozenset[Role]

    @property
    def path(self) -> str:
        """Where the dashboards' server shows it."""
        return f"/voila/render/{self.notebook}"

    def open_to(self, user: User) -> bool:
        """Whether this user may open it."""
        return not user.roles.isdisjoint(self.roles)


DASHBOARDS = (
    Dashboard(
        notebook="grid_operators.ipynb",
        title="Grid operators",
        purpose="See the stations on a map, limit their power for a time, and see whether they obey.",
        roles=frozenset({Role.GRID_OPERATOR, Role.ADMINISTRATOR}),
    ),
    Dashboard(
        notebook="charge_points.ipynb",
        title="Charge points",
        purpose="Follow transactions and commands, and see and change the state of the stations.",
        roles=frozenset({Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR}),
    ),
)
