"""`python -m shared.contracts`: generate, check, release, table."""

import shutil

import typer

from shared.contracts.catalogue import table as catalogue_table
from shared.contracts.compatibility import RELEASED, breaks, released_schemas
from shared.contracts.generation.files import as_text, current_schemas, differing_files, write_files
from shared.contracts.generation.readme import readme_differs, write_readme

commands = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


@commands.command()
def generate() -> None:
    """Write schemas, examples, asyncapi.yaml and the README's table from the contracts."""
    for change in write_files():
        typer.echo(f"{change}: written")
    if write_readme():
        typer.echo("the event table of README.md is outdated: written")


@commands.command()
def check() -> None:
    """Fail when generated files differ, or when a reader of the last release would stumble."""
    different = [f"shared/contracts/{line}" for line in differing_files()]
    if readme_differs():
        different.append("the event table of README.md is outdated")
    for line in different:
        typer.echo(line, err=True)
    if different:
        typer.echo("Run `python -m shared.contracts generate` and commit what it writes.", err=True)
    if _forbidden() or different:
        raise typer.Exit(1)


@commands.command()
def release() -> None:
    """Keep today's schemas as the ones that later changes are compared with."""
    if _forbidden():
        raise typer.Exit(1)
    shutil.rmtree(RELEASED, ignore_errors=True)
    RELEASED.mkdir()
    for name, schema in current_schemas().items():
        (RELEASED / f"{name}.json").write_text(as_text(schema), encoding="utf-8")
    typer.echo(f"{len(list(RELEASED.glob('*.json')))} schemas kept in {RELEASED.name}/")


@commands.command()
def table() -> None:
    """Print the event table of the README as Markdown."""
    typer.echo(catalogue_table(), nl=False)


def _forbidden() -> bool:
    found = breaks(released_schemas(), current_schemas())
    for change in found:
        typer.echo(change.advice(), err=True)
    return bool(found)


if __name__ == "__main__":
    commands()
