"""`mingcha draw`: a draw among several parties, step by step, over a folder of files.

Needs no instance: a party's machine has this command, its key and the folder it was sent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.apps.supervision.cautions import of_chances, of_teams
from mingcha.apps.supervision.draw_words import (
    day_of,
    day_to_come,
    model_digest,
    next_step,
    pairs,
    passphrase,
    say,
    tell_terms,
    visits,
    warn,
)
from mingcha.problems import Problem

GUIDE = """Draw firms at random, so that anyone can check that nobody cheated. 多部门共同抽取，结果人人可核验。

Each party makes a key, once. The keeper of the frame prepares; all commit, then all reveal; on the named day the \
keeper runs the draw with the published value; each party checks the audit file and attests; the keeper publishes.

The folder DIR is for everyone: send it around, and put each party's file back into it. DIR-secret never leaves the \
keeper, but for audit.json (to the parties) and receipts (each to its firm)."""

EXAMPLE = """Three departments draw 480 firms 三个部门抽取 480 户:

mingcha draw keygen notary

mingcha draw prepare frame.csv q4 --name JH-2026-Q4-001 --take 480 --public "双色球 2026-11-30 开奖号码" \
--party market.key.pub --party discipline.key.pub --party notary.key.pub

mingcha draw commit q4 --key notary.key          (each party)

mingcha draw reveal q4 --key notary.key          (each party, when all have committed)

mingcha draw run q4 --public-value "03 07 12 19 25 31 + 08"

mingcha draw attest q4 --key notary.key --audit audit.json          (each party)

mingcha draw publish q4

python3 verifier/verify_draw.py q4/public.json          (anyone)"""

KEEPER = "1. The keeper of the frame prepares 封存名录"
PARTY = "2. Each party, on its own machine 各参与方"
RUN = "3. The draw 抽取"
AFTER = "4. Afterwards 抽取之后"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=GUIDE, epilog=EXAMPLE, pretty_exceptions_enable=False
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The draw's folder 抽取目录")]
Key = Annotated[Path, typer.Option(help="This party's key file 本方密钥文件")]
Locked = Annotated[bool, typer.Option("--passphrase", help="Ask for the key's passphrase 输入密钥口令")]
Zipped = Annotated[bool, typer.Option("--gzip", help="Write large files as gzip 压缩大文件")]


@app.command(rich_help_panel=KEEPER)
def prepare(
    frame: Annotated[Path, typer.Argument(metavar="FRAME", help="CSV or Parquet: id, stratum, score or class (or pi)")],
    folder: Folder,
    name: Annotated[str, typer.Option(help="The draw's name 抽取名称, e.g. JH-2026-Q4-001")],
    public: Annotated[str, typer.Option(help="The public value to come: source and day 公开值的来源和日期")],
    take: Annotated[str, typer.Option(help="Visits: 480, or by stratum: 餐饮=300,零售=180")] = "",
    party: Annotated[list[Path] | None, typer.Option(help="A party's .pub file; repeat 参与方公钥")] = None,
    exploration: Annotated[float, typer.Option(help="Share of visits that falls uniformly 随机探索比例")] = 0.1,
    focus: Annotated[int | None, typer.Option(min=0, help="Twice the score, 2^focus times the targeted share")] = None,
    weights: Annotated[str, typer.Option(help="Weights of the credit classes 类别权重")] = "A=0.4,B=1,C=2.5,D=4",
    ceiling: Annotated[float, typer.Option(help="Highest probability of a unit 概率上限")] = 0.9,
    cap: Annotated[int | None, typer.Option(help="Visits a year that put a unit outside (column visits)")] = None,
    model: Annotated[str, typer.Option(help="The scores' model: its file, or its SHA-256 模型")] = "",
    inspectors: Annotated[Path | None, typer.Option(help="Directory: id, areas, certified, load, ... 检查人员")] = None,
    day: Annotated[str, typer.Option(help="Day on which certificates must be valid, YYYY-MM-DD")] = "",
    team: Annotated[int, typer.Option(help="Inspectors of a visit 每组人数")] = 2,
    department: Annotated[
        list[str] | None, typer.Option(help="Sends a team of its own; repeat, of a joint inspection 联合抽查的部门")
    ] = None,
    across: Annotated[float, typer.Option(help="Share of visits made by inspectors of other areas 跨区比例")] = 0.075,
    public_on: Annotated[str, typer.Option(help="Day the public value comes out; not drawn before 公布日")] = "",
    alone: Annotated[
        bool, typer.Option("--alone", help="Fewer than two parties: what that gives up, below 单独")
    ] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Though nobody can be sent to some 无人可派也封存")] = False,
    after: Annotated[Path | None, typer.Option(help="The ceremony that was voided before 此前作废的目录")] = None,
    zipped: Zipped = False,
) -> None:
    """Allocate probabilities, seal the frame, write DIR/ceremony.json for the parties to sign.

    Columns of FRAME (CSV in UTF-8 or GB18030, or Parquet), of which only id is needed: id, stratum, score (probability
    of a violation) or class (A to D), or pi in their place; area, skills (for --inspectors); visits (this year's, for
    --cap), must_visit (1 or 0: visited without a draw). Others, like name and address, are left alone.

    Columns of --inspectors: id, areas, certified (last day of the certificate), load (visits at most), perhaps skills,
    conflicts (ids of units), department (for --department: each sends a team of its own to every visit). Lists in a
    cell are separated by ; | 、 or ，. Z001,East;West,2027-06-30,20

    --alone, with no party or one, gives up what the ceremony is for: whoever keeps the frame could try seeds until the
    outcome pleases, and the verifier says so. Then name a public value that is still to come, and publish the root
    before it. 单独抽取：保管名录者可以反复试种子，核验程序会写明。
    """
    from mingcha.engines.sampling import keys, steps
    from mingcha.engines.sampling.allocation import FOCUS
    from mingcha.engines.sampling.encoding import MILLION
    from mingcha.engines.sampling.folder import secret_folder
    from mingcha.engines.sampling.frame import read_frame

    parties = dict(keys.read_party(path) for path in party or [])
    if len(parties) < len(party or []):
        raise Problem(zh="两个公钥文件是同一参与方的", en="Two .pub files are of the same party")
    directory = None
    if inspectors is not None:
        from mingcha.engines.sampling.inspectors import Rules, read_inspectors
        from mingcha.engines.sampling.inspectors import directory as make_directory

        joint = tuple(sorted({name.strip() for name in department or []}, key=str.encode))
        rules = Rules(day_of(day), team=team, across=round(across * MILLION), departments=joint)
        directory = make_directory(read_inspectors(inspectors), rules)
    read = read_frame(frame, cap)
    plan = steps.Plan(
        draw=name,
        public_source=public,
        take=visits(take),
        exploration=exploration,
        focus=FOCUS if focus is None else focus,
        class_weights=pairs(weights, float),
        ceiling=ceiling,
        cap=cap,
        model=model_digest(model),
        public_on=coming.isoformat() if (coming := day_to_come(public_on)) else "",
    )
    options: dict[str, Any] = {"inspectors": directory, "after": after, "zipped": zipped}
    made = steps.prepare(folder, read, plan, parties, alone=alone, anyway=anyway, **options)
    tell_terms(made.terms)
    if read.focused or read.capped or read.reserved:
        file = secret_folder(folder) / "outside.csv"
        say(f"名录之外的对象列在 {file}", f"who stands outside the frame is listed in {file}")
    warn(of_chances(made.highest, made.half_width) + of_teams(made.short))
    say(
        f"把 {folder}/ 发给各方承诺；{folder.name}-secret/ 留在本机，不要外传。",
        f"Send {folder}/ to the parties to commit; keep {folder.name}-secret/ here, to yourself.",
    )


@app.command(rich_help_panel=PARTY)
def keygen(
    party: Annotated[str, typer.Argument(help="The party's name, e.g. notary 参与方名称")],
    out: Annotated[Path | None, typer.Option(help="Key file; default PARTY.key")] = None,
    locked: Annotated[bool, typer.Option("--passphrase", help="Lock the key with a passphrase 设口令")] = False,
) -> None:
    """Make a party's key, once. Keep PARTY.key; hand out PARTY.key.pub, and publish it."""
    from mingcha.engines.sampling import keys

    path = out or Path(f"{keys.party_name(party)}.key")
    raw = keys.keygen(party, path, passphrase(locked, confirm=True))
    say(f"密钥：{path}（只自己保存）", f"key: {path} (keep it to yourself)")
    say(f"公钥：{keys.public_file(path)}（交给组织方并公布）", f"public key: {keys.public_file(path)} (hand it out)")
    typer.echo(raw.hex())


@app.command(rich_help_panel=PARTY)
def commit(
    folder: Folder,
    key: Key,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask 不再询问")] = False,
    locked: Locked = False,
) -> None:
    """Sign this frame and these parameters, with a sealed random number. Send DIR/commit-PARTY.json back."""
    from mingcha.engines.sampling import folder as folders
    from mingcha.engines.sampling import steps

    tell_terms(folders.read_terms(folder))
    if not yes:
        typer.confirm("签署以上名录和参数？ Sign this frame and these parameters?", abort=True)
    party = steps.commit(folder, key, passphrase(locked))
    path = folders.step_file(folder, "commit", party.id)
    say(
        f"已承诺：{path}。随机数保存在密钥旁，揭示前不要删除。", f"committed: {path}. Keep the .nonce file by your key."
    )


@app.command(rich_help_panel=PARTY)
def reveal(folder: Folder, key: Key) -> None:
    """Open your random number, once all have committed. Send DIR/reveal-PARTY.json back."""
    from mingcha.engines.sampling import folder as folders
    from mingcha.engines.sampling import steps

    party = steps.reveal(folder, key)
    path = folders.step_file(folder, "reveal", party.id)
    say(f"已揭示：{path}", f"revealed: {path}")


@app.command(rich_help_panel=RUN)
def void(folder: Folder, reason: Annotated[str, typer.Option(help="Why; it is published 原因（将公开）")] = "") -> None:
    """Give a ceremony up because a party didn't reveal: on the record, and once at most."""
    from mingcha.engines.sampling import steps

    steps.void(folder, reason)
    say(
        f"已作废并记录：{folder / 'void.json'}。用 prepare --after {folder} 重新封存。",
        f"void, on the record: {folder / 'void.json'}. Prepare it again with --after {folder}.",
    )


@app.command(rich_help_panel=RUN)
def run(
    folder: Folder,
    public_value: Annotated[str, typer.Option(help="The public value, just as published 公开值，原样填写")] = "",
    without: Annotated[list[str] | None, typer.Option(help="A party that didn't reveal; repeat 未揭示者")] = None,
    zipped: Zipped = False,
) -> None:
    """Draw: the seed from all reveals and the public value; writes public.json, audit.json and design.csv."""
    from mingcha.engines.sampling import folder as folders
    from mingcha.engines.sampling import steps

    record, _, outcome = steps.run(folder, public_value, without=without or (), zipped=zipped)
    count, seed = int(outcome.drawn.sum()), record.seed.hex()
    secret = folders.secret_folder(folder)
    public, audit = folders.either(folder / "public.json"), folders.either(secret / "audit.json")
    say(f"抽中 {count} 户；种子 {seed}", f"{count} drawn; seed {seed}")
    say(f"公布：{public}", f"publish: {public}")
    say(f"交各方审计签认：{audit}", f"give to the parties, to check and attest: {audit}")
    say(
        f"名单及入样概率（内部）：{secret / 'design.csv'}", f"who is drawn, with pi (internal): {secret / 'design.csv'}"
    )


@app.command(rich_help_panel=PARTY)
def attest(
    folder: Folder,
    key: Key,
    audit: Annotated[Path, typer.Option(help="The audit.json that you were given 审计文件")],
    frame: Annotated[Path | None, typer.Option(help="Your own copy of the frame: recompute each pi 本方名录")] = None,
    locked: Locked = False,
) -> None:
    """Recompute the whole draw from the audit file and sign the result. Send DIR/attest-PARTY.json back."""
    from mingcha.engines.sampling import folder as folders
    from mingcha.engines.sampling import results
    from mingcha.engines.sampling.frame import read_frame

    cap = folders.read_terms(folder).params.get("cap")
    results.attest(folder, key, audit, passphrase(locked), read_frame(frame, cap) if frame else None)
    say("审计文件全部重算一致，已签认结果。", "all of the audit file recomputed and agrees; the result is signed.")
    if frame is None:
        say(
            "没有用本方名录重算概率：名录是否齐全、概率是否合规，未查。",
            "without --frame the probabilities were not recomputed: that none is missing or spared is unchecked.",
        )


@app.command(rich_help_panel=AFTER)
def publish(folder: Folder) -> None:
    """Gather the attestations into public.json, audit.json and the receipts."""
    from mingcha.engines.sampling import results

    record = results.publish(folder)
    names = [attestation.id for attestation in record.attestations]
    say(f"签认方：{'、'.join(names) or '无'}", f"attested by: {', '.join(names) or 'nobody'}")


@app.command(rich_help_panel=AFTER)
def receipt(
    folder: Folder,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Units; default all drawn 对象")] = None,
) -> None:
    """A firm's own receipt: proves its ticket. It shows the firm its own probability: decide whether to hand it out."""
    from mingcha.engines.sampling import results

    for path in results.receipts(folder, ids or None):
        typer.echo(path)


@app.command("open", rich_help_panel=AFTER)
def open_(folder: Folder) -> None:
    """Open 300 leaves that the seed picks, for a party that can't have the whole audit file."""
    from mingcha.engines.sampling import results

    typer.echo(results.open_leaves(folder))


@app.command(rich_help_panel=AFTER)
def assign(folder: Folder) -> None:
    """Draw the inspectors of each visit, from the directory that was sealed with the frame."""
    from mingcha.engines.sampling import fieldwork
    from mingcha.engines.sampling.folder import secret_folder

    teams = fieldwork.assign(folder)["teams"]
    unsent = [f"{team['id']} {team.get('department', '')}".strip() for team in teams if not team["inspectors"]]
    across, count = sum(team["across"] for team in teams), len({team["id"] for team in teams})
    if len(teams) > count:
        say(f"{count} 次检查，各部门各一组，共 {len(teams)} 组", f"{count} visits, {len(teams)} teams by department")
    else:
        say(f"{count} 次检查，其中 {across} 次跨区", f"{count} visits, {across} of them across areas")
    if unsent:
        say(
            f"无人可派 {len(unsent)} 次：{'、'.join(unsent[:5])}。请增加该区持证人员或承担量，线下指派并记录。",
            f"nobody to send to {len(unsent)}: {', '.join(unsent[:5])}. Certified inspectors or load are lacking.",
        )
    typer.echo(secret_folder(folder) / "assignment.json")


@app.command(rich_help_panel=AFTER)
def replace(
    folder: Folder,
    unit: Annotated[str, typer.Argument(metavar="ID", help="A drawn unit that was in the frame by mistake")],
    reason: Annotated[str, typer.Option(help="Why it should not have been there; it is published 原因（将公开）")],
) -> None:
    """Replace a unit that was in the frame by mistake. One that can't be found is a result, not a reason."""
    from mingcha.engines.sampling import fieldwork

    brought = fieldwork.replace_unit(folder, unit, reason)
    say(f"替出 {unit}，替入该层下一户 {brought}；概率已更正。", f"{unit} out, {brought} in, the next; pi is corrected.")
    file = folder / "replacements.json"
    say(
        f"替换记录：{file}。发给各方加签（mingcha draw sign）。",
        f"written: {file}. Let the parties countersign it (sign).",
    )


@app.command(rich_help_panel=PARTY)
def sign(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="assignment.json or replacements.json")],
    key: Key,
    frame: Annotated[Path | None, typer.Option(help="Your own copy of the frame: check areas, skills 本方名录")] = None,
    locked: Locked = False,
) -> None:
    """Countersign the inspectors' assignment or the replacements."""
    from mingcha.engines.sampling import fieldwork
    from mingcha.engines.sampling import folder as folders
    from mingcha.engines.sampling.frame import read_frame

    own = read_frame(frame, folders.read_terms(folder).params.get("cap")) if frame else None
    fieldwork.countersign(folder, file, key, passphrase(locked), own)
    say(f"已签名：{file}", f"signed: {file}")


@app.command(rich_help_panel=RUN)
def status(folder: Folder) -> None:
    """How far the draw has come, and what is next."""
    from mingcha.engines.sampling import folder as folders

    state = folders.status(folder)
    tell_terms(state.terms)
    steps = (
        ("承诺", "committed", state.committed),
        ("揭示", "revealed", state.revealed),
        ("签认", "attested", state.attested),
    )
    for party in state.parties:
        zh = " ".join(f"{name}{'✓' if party in who else '—'}" for name, _, who in steps)
        en = ", ".join(f"{'' if party in who else 'not '}{name}" for _, name, who in steps)
        say(f"  {party}：{zh}", f"  {party}: {en}")
    say(*next_step(state))


@app.command(rich_help_panel=AFTER)
def estimate(
    folder: Folder,
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="CSV: id, violation (1, 0 or not_found) 检查结果")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """What the results tell of the whole frame: the violation rate and number, with 95% intervals."""
    from mingcha.engines.sampling.folder import secret_folder
    from mingcha.engines.sampling.surveys import frame_estimates

    figures = frame_estimates(secret_folder(folder) / "design.csv", results)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=1))
        return
    rate, total, hits = figures["violation_rate"], figures["violations"], figures["hit_rate"]
    drawn, told, size = figures["drawn"], figures["results"], figures["effective_size"]
    low, high = max(total["low"], 0), total["high"]
    say(
        f"抽中 {drawn} 户，有结果 {told} 户，其中违规 {hits:.1%}（有效样本量 {size:.0f}）",
        f"{drawn} drawn, {told} with results, of which {hits:.1%} in violation (effective sample size {size:.0f})",
    )
    share = f"{rate['value']:.1%}"
    say(
        f"全部 {figures['N']} 户：违规率 {share}（95% 区间 {rate['low']:.1%} 至 {rate['high']:.1%}），"
        f"约 {total['value']:.0f} 户（{low:.0f} 至 {high:.0f}）",
        f"of all {figures['N']}: {share} in violation (95% interval {rate['low']:.1%} to {rate['high']:.1%}), "
        f"about {total['value']:.0f} ({low:.0f} to {high:.0f})",
    )
    if figures["not_found"]:
        lost = figures["not_found_rate"]
        say(
            f"查无下落 {figures['not_found']} 户，估计占全部的 {lost['value']:.1%}"
            f"（{lost['low']:.1%} 至 {lost['high']:.1%}）；在违规率中按未发现违规计。",
            f"{figures['not_found']} can't be found at their address, of all {lost['value']:.1%} ({lost['low']:.1%} to "
            f"{lost['high']:.1%}); in the rate of violations they stand as none found.",
        )
    if figures["missing"]:
        say(
            f"还缺 {figures['missing']} 户的结果：若缺失与违规有关，估计会有偏。",
            f"{figures['missing']} results are missing: if that has to do with violations, both figures are biased.",
        )
