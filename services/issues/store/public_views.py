"""What communities show everybody, in the database."""

from uuid import UUID

from services.issues.domain.public_view import PublicView, ShownText
from shared.database.work import Connection


async def public_view_of(connection: Connection, community: UUID, *, lock: bool = False) -> PublicView:
    """Read what a community shows; the default where it said nothing."""
    row = await connection.fetchrow(
        "SELECT shown, text, hidden_categories, version FROM public_views WHERE community_id = $1"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        community,
    )
    if row is None:
        return PublicView(community)
    hidden = frozenset(row["hidden_categories"])
    return PublicView(community, row["shown"], ShownText(row["text"]), hidden, row["version"])


async def put_public_view(connection: Connection, view: PublicView) -> None:
    """Store what a community shows."""
    await connection.execute(
        """
        INSERT INTO public_views (community_id, shown, text, hidden_categories, version)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (community_id) DO UPDATE SET shown = excluded.shown, text = excluded.text,
            hidden_categories = excluded.hidden_categories, version = excluded.version
        """,
        view.community,
        view.shown,
        view.text,
        sorted(view.hidden_categories),
        view.version,
    )
