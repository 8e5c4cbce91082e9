"""Cells: the hexagons (H3, resolution 9, about 0.1 square kilometres) by which volunteers are found."""

import h3.api.basic_int as h3  # type: ignore[import-untyped]

from services.volunteer.domain.offer import rings_needed
from services.volunteer.domain.position import Point

RESOLUTION = 9


def cell_of(point: Point) -> int:
    """The cell in which a point lies."""
    cell: int = h3.latlng_to_cell(point.latitude, point.longitude, RESOLUTION)
    return cell


def cells_within(point: Point, metres: float) -> list[int]:
    """Cells that hold every point within that distance, and some farther ones."""
    cell = cell_of(point)
    edges = [h3.edge_length(edge, "m") for edge in h3.origin_to_directed_edges(cell)]
    # Edges differ from cell to cell, by a few per cent over the largest of our distances.
    cells: list[int] = h3.grid_disk(cell, rings_needed(metres, 0.95 * min(edges), 1.05 * max(edges)))
    return cells
