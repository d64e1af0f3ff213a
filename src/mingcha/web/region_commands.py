"""`mingcha region`: the districts that the map draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mingcha.instance import open_django
from mingcha.output import say

app = typer.Typer(no_args_is_help=True)


@app.callback()
def root() -> None:
    """The districts that the map draws."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="a GeoJSON FeatureCollection of polygons")],
    division_field: Annotated[str, typer.Option(help="the property that holds the division code")] = "division",
    name_field: Annotated[str, typer.Option(help="the property that holds the district's name")] = "name",
    datum: Annotated[str, typer.Option(help="WGS-84, CGCS2000, GCJ-02 or BD-09")] = "WGS-84",
    source: Annotated[str, typer.Option(help="where the map comes from, with its approval number")] = "",
    by: Annotated[str, typer.Option(help="the user in whose name this is done")] = "",
) -> None:
    """Replace the map's districts by those of FILE. Nothing changes where one of them is wrong."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .services import districts_import

    user = user_acting(by, "desk.region.import")
    regions = districts_import(
        path=file, division_field=division_field, name_field=name_field, datum=datum, source=source, user=user
    )
    names = ", ".join(r.name for r in regions[:12])
    say(f"已导入 {len(regions)} 个区划：{names}", f"{len(regions)} districts: {names}")


@app.command("list")
def list_() -> None:
    """The districts, with their codes and where they come from."""
    open_django()
    from mingcha.desk.regions import regions_all

    regions = regions_all()
    if not regions:
        say(
            "还没有区划边界：mingcha region import FILE.geojson", "No districts yet: mingcha region import FILE.geojson"
        )
    for region in regions:
        typer.echo(f"{region.division}\t{region.name}\t{region.source}")
