"""The forms of the public view: GeoJSON for maps, CSV for tables."""

import csv
import io
from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.store.public_cases import PublicCase
from services.issues.usecases.show_public_cases import PublicPage

GEOJSON = "application/geo+json"
CSV = "text/csv"
_COLUMNS = (
    *("id", "category", "name_zh", "name_en", "state", "priority", "reported_at", "due_at"),
    *("latitude", "longitude", "place", "place_name", "text", "photos"),
)


class GeoJson(Response):
    """An answer in GeoJSON."""

    media_type = GEOJSON


class Point(BaseModel):
    """Where about it is: longitude, latitude, to a hundred metres."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class Properties(BaseModel):
    """What is shown of an open case."""

    category: str
    name_zh: str | None
    name_en: str | None
    state: str
    priority: str
    reported_at: datetime
    due_at: datetime | None
    place: UUID | None
    place_name: str | None
    text: str | None = Field(description="Masked; none where the community shows no text")
    photos: list[str] = Field(description="Their addresses")


class Feature(BaseModel):
    """One open case."""

    type: Literal["Feature"] = "Feature"
    id: UUID
    geometry: Point | None
    properties: Properties


class FeatureCollection(BaseModel):
    """Open cases as RFC 7946 has it."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]


def preferred(accept: str | None) -> str:
    """Choose the form by `Accept`: CSV where it is asked for before any JSON."""
    for part in (accept or "").split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind == CSV:
            return CSV
        if kind in (GEOJSON, "application/json", "*/*", "application/*"):
            return GEOJSON
    return GEOJSON


def written(form: str, cases: list[PublicCase], page: PublicPage, community: UUID) -> bytes:
    """Write the cases in a form."""
    features = [_feature(case, page, community) for case in cases]
    if form == CSV:
        return _table(features)
    return FeatureCollection(features=features).model_dump_json().encode()


def _feature(case: PublicCase, page: PublicPage, community: UUID) -> Feature:
    point = None
    if case.latitude is not None and case.longitude is not None:
        point = Point(coordinates=(case.longitude, case.latitude))
    properties = Properties(
        category=case.category,
        name_zh=case.name_zh,
        name_en=case.name_en,
        state=case.state,
        priority=case.priority,
        reported_at=case.reported_at,
        due_at=case.due_at,
        place=case.place,
        place_name=case.place_name,
        text=page.text(case.id),
        photos=[f"/public/{community}/photos/{photo}" for photo in page.photos.get(case.id, ())],
    )
    return Feature(id=case.id, geometry=point, properties=properties)


def _table(features: list[Feature]) -> bytes:
    buffer = io.StringIO()
    rows = csv.DictWriter(buffer, _COLUMNS, lineterminator="\r\n")
    rows.writeheader()
    for feature in features:
        longitude, latitude = feature.geometry.coordinates if feature.geometry else (None, None)
        told = feature.properties.model_dump(mode="json")
        told |= {"id": feature.id, "latitude": latitude, "longitude": longitude}
        rows.writerow(told | {"photos": " ".join(told["photos"]), "text": _harmless(told["text"] or "")})
    return buffer.getvalue().encode()


def _harmless(text: str) -> str:
    """Keep a table program from taking somebody's words for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
