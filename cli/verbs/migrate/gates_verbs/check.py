"""`gates check`: the touchpoints of a tree that its policy forbids."""

from __future__ import annotations

from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from cli.json_documents.gates import GateCheck, GateFinding, SkippedPath
from cli.terminal import screen
from cli.terminal.bounded_file import read_bounded
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson
from cli.verbs.migrate.gates_verbs.inventory import (
    Sarif,
    is_printed,
    require_tree,
    showing_files,
    write,
    write_report,
)
from domain.ci_commands import without_commands
from domain.counting import counted
from domain.errors import Rejected
from gates.findings import Finding
from gates.report import sarif, texts_sentence
from gates.static_scan.baseline import (
    MAX_BASELINE_BYTES,
    BaselineGrows,
    Compared,
    baseline_of,
    compare,
    decode_baseline,
    encode_baseline,
)
from gates.static_scan.check import TITLES, UNREAD
from gates.static_scan.check import check as checked_against
from gates.static_scan.inventory import Inventory, take_inventory
from gates.static_scan.policy import EXAMPLE, MAX_POLICY_BYTES, BadPolicy, Policy, decode_policy
from gates.static_scan.rules import MAX_RULE_BYTES, BadRule, Rule, user_rules

POLICY = "gates.toml"

Tree = Annotated[Path, typer.Argument(metavar="[PATH]", help="The folder to check.", show_default="this folder")]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="The policy; by default PATH/gates.toml.", show_default=False),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option("--baseline", "-b", metavar="FILE", help="Known findings, which do not fail.", show_default=False),
]
Update = Annotated[
    bool,
    typer.Option("--update-baseline", help="Write the baseline: a new one, or the old one without what is gone."),
]
Example = Annotated[bool, typer.Option("--example", help="Print an example of gates.toml, and do nothing else.")]


class GatesFileTooLarge(Rejected):
    """The file has more than the {limit} bytes allowed."""


class NothingToCheck(Rejected):
    """There is no source file in {path}: what is in it is not known."""


def check(
    path: Tree = Path(),
    config: Config = None,
    baseline: BaselineFile = None,
    update_baseline: Update = False,
    sarif_file: Sarif = None,
    example: Example = False,
    as_json: AsJson = False,
) -> None:
    """Find writes outside the allowed modules, writes of AI paths that are no submissions, and banned drivers.

    The policy is the file gates.toml. Exit status 1 if there is a finding that is not in the baseline, or a file that
    could not be read; 2 if there is no policy. A finding in the baseline stays allowed until it is gone.
    """
    if example:
        screen.write_content(EXAMPLE.encode())
        return
    require_tree(path)
    is_alone = is_printed(sarif_file, as_json=as_json)
    file = config if config is not None else (path if path.is_dir() else path.parent) / POLICY
    policy, own = _policy(file)
    with showing_files() as progress:
        found = take_inventory(
            path,
            excluded=policy.excluded(),
            domains={table.lower(): domain for table, domain in policy.domains.items()},
            rules=own,
            progress=progress,
        )
    if path.is_dir() and (nothing := policy.without_files(found.paths)):
        raise BadPolicy(file=str(file), reason=f"it names the path {nothing[0]!r}, and no file that is read has it")
    if path.is_dir() and not {*found.paths} - {POLICY} and not found.unread:
        raise NothingToCheck(path=str(path))
    result = checked_against(found, policy)
    if update_baseline and baseline is None:
        raise Ending(Exit.USAGE, "--update-baseline needs --baseline FILE.")
    compared = _compared(baseline, found, result.findings, update=update_baseline)
    notes = [f"The exception of {each.rule} for {each.path} excuses nothing: remove it." for each in result.unused]
    left_out = [each.path for each in found.skipped]
    notes += [f"The exclusion of {each} leaves nothing out: remove it." for each in policy.unused_exclusions(left_out)]
    if compared.gone and not update_baseline:
        entries = screen.counted(len(compared.gone), "finding")
        notes.append(f"Gone or moved: {entries} of the baseline; --update-baseline removes what is gone.")
    if sarif_file is not None:
        titles = {**TITLES, **{rule.id: rule.message for rule in own}}
        write_report(sarif_file, [sarif(compared.fresh, titles, version=metadata.version("scriptledger"))])
    passed = not any(finding.level == "error" for finding in compared.fresh)
    document = GateCheck(
        root=str(path),
        policy=str(file),
        baseline=None if baseline is None else str(baseline),
        files=found.files,
        lines=found.lines,
        passed=passed,
        findings=[_document(finding) for finding in compared.fresh],
        known=compared.known,
        gone=len(compared.gone),
        excused=result.excused,
        notes=notes,
        texts=len(found.texts),
        other_stores=len(found.other_stores),
        skipped=[SkippedPath(*each) for each in found.skipped],
    )
    if as_json:
        screen.print_json(document)
    else:
        _warn(document)
        if not is_alone:
            _print(document, texts_sentence(found._replace(other_stores=[]) if policy.check_other_stores else found))
    raise typer.Exit(Exit.DONE if passed else Exit.REFUSED)


def _policy(file: Path) -> tuple[Policy, list[Rule]]:
    if not file.exists():
        sentence = f"There is no {file}: `scriptledger gates check --example > {POLICY}` writes one to begin with."
        raise Ending(Exit.USAGE, sentence, code="no_policy")
    try:
        policy = decode_policy(str(file), read_bounded(file, MAX_POLICY_BYTES, GatesFileTooLarge).decode())
    except UnicodeDecodeError:
        raise BadPolicy(file=str(file), reason="it is not UTF-8") from None
    rules: list[Rule] = []
    for pattern in policy.rules.files:
        try:
            files = sorted(file.parent.glob(pattern)) if pattern and not pattern.startswith("/") else []
        except ValueError:  # `**` within a name
            files = []
        if not files:
            raise BadPolicy(file=str(file), reason=f"no file of rules is named {pattern!r}")
        for each in files:
            try:
                rules += user_rules(str(each), read_bounded(each, MAX_RULE_BYTES, GatesFileTooLarge).decode())
            except UnicodeDecodeError:
                raise BadRule(file=str(each), reason="it is not UTF-8") from None
    ids = Counter([*TITLES, *(rule.id for rule in rules)])
    if doubled := [name for name, count in ids.items() if count > 1]:
        raise BadPolicy(file=str(file), reason=f"two rules have the id {doubled[0]!r}")
    return policy, rules


def _compared(file: Path | None, found: Inventory, findings: list[Finding], *, update: bool) -> Compared:
    """The findings without the known ones; what could not be read is never known."""
    unread = [finding for finding in findings if finding.rule == UNREAD]
    others = [finding for finding in findings if finding.rule != UNREAD]
    if file is None:
        return Compared(findings, 0, [])
    if not file.exists():
        if not update:
            sentence = f"There is no {file}: --update-baseline writes it, with the findings there are now."
            raise Ending(Exit.USAGE, sentence, code="no_baseline")
        write(file, [encode_baseline(baseline_of(others))])
        return Compared(unread, len(others), [])
    data = read_bounded(file, MAX_BASELINE_BYTES, GatesFileTooLarge)
    known = decode_baseline(str(file), data, found.paths, is_clean=not others)
    compared = compare(known, others)
    if update:
        if fresh := compared.fresh:
            raise BaselineGrows(file=str(file), count=len(fresh), where=f"{fresh[0].file}:{fresh[0].line}")
        write(file, [encode_baseline(baseline_of(others))])
    return compared._replace(fresh=sorted([*compared.fresh, *unread], key=lambda each: (each.file, each.line)))


def _document(finding: Finding) -> GateFinding:
    return GateFinding(
        rule=finding.rule,
        level=finding.level,
        file=finding.file,
        line=finding.line,
        end_line=finding.end_line,
        function=finding.function,
        table=finding.table or None,
        domain=finding.domain,
        message=finding.message,
        code=finding.code,
        key=finding.key,
    )


def _warn(document: GateCheck) -> None:
    for note in document.notes:
        screen.warn(note, style="yellow")


def _print(document: GateCheck, texts: str) -> None:
    styles = {"error": "red", "warning": "yellow", "note": ""}
    for each in document.findings:
        place = f"{each.file}:{each.line}"
        screen.print_unwrapped(
            screen.Text.assemble(
                f"{without_commands(place)}: ", (each.rule, styles[each.level]), f": {without_commands(each.message)}"
            )
        )
        if each.code:
            screen.print_unwrapped(f"    {without_commands(each.code)}")
    parts = [screen.counted(len(document.findings), "finding")]
    if document.baseline is not None:
        parts.append(f"{document.known} known")
    if document.excused:
        parts.append(f"{document.excused} excused")
    folders = [each.path for each in document.skipped if each.path.endswith("/")]
    left_out = f" Left out: {', '.join(folders[:8])}." if folders else ""
    files = screen.counted(document.files, "file")
    kept = f"{texts} `scriptledger gates inventory --json` lists what is not." if texts else ""
    screen.print_unwrapped(
        without_commands(
            f"{document.root}: {files}, {counted(document.lines, 'line')}, {', '.join(parts)}.{left_out}{kept}"
        )
    )
