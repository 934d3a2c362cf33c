"""`redis-vigil rules`: the rules in force, as a list or as files for others."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.formats import FormatOption, OutputFormat


def rules(
    config: Annotated[
        Path | None,
        typer.Option(help="The config.yml whose rule_files and rules hold; the shipped rules without it."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Directory to write rule files to, those of earlier runs replaced.")
    ] = None,
    kubernetes: Annotated[
        bool,
        typer.Option("--kubernetes", help="Objects of the kind PrometheusRule, to --output or printed."),
    ] = False,
    namespace: Annotated[str, typer.Option(help="With --kubernetes: the namespace of the objects.")] = "",
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="With --kubernetes: a label that the Prometheus Operator selects objects by; may be given "
            "several times.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the files instead of writing them.")
    ] = False,
    form: FormatOption = OutputFormat.TABLE,
) -> None:
    """List the alert rules in force, or write all rules as files that Prometheus reads.

    redis-vigil rules --config config.yml --output /etc/prometheus/redis-vigil
    """
    from exporter.cli.rule_files import RuleFilesWanted, list_rules, print_files, write_files

    if not kubernetes and (namespace or label):
        raise typer.BadParameter("--namespace and --label go with --kubernetes")
    wanted = RuleFilesWanted(config, kubernetes, namespace, label or ())
    if output is not None and not dry_run:
        write_files(wanted, output)
    elif kubernetes or dry_run:
        print_files(wanted)
    else:
        list_rules(config, form)
