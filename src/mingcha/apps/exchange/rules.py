"""Pure decisions about contracts."""

from __future__ import annotations

from mingcha.engines.lake.contract import Contract
from mingcha.problems import Problem

IDENTITY = ("keyed_by", "primary_key", "entity_keys", "event_time", "known_time", "known_lag", "known_since", "zone")
"""What stored rows were keyed and dated by: it can't change under them."""


def contract_fits(new: Contract, old: Contract, *, has_rows: bool) -> None:
    """Problem where `new` can't take the place of `old`, the contract in force."""
    if new.digest == old.digest:
        return
    if new.version == old.version:
        raise Problem(
            zh=f"契约的内容变了，版本号仍是 {old.version}。",
            en=f"The contract has changed, but its version is still {old.version}.",
            where=new.name,
            todo_zh="每次修改契约都要提高 version。",
            todo_en="Give it a new version with every change.",
        )
    if not has_rows:
        return
    types = {f.name: f.type for f in old.fields}
    retyped = [f"{f.name}: {types[f.name]} → {f.type}" for f in new.fields if types.get(f.name, f.type) != f.type]
    changed = retyped + [name for name in IDENTITY if getattr(new, name) != getattr(old, name)]
    if changed:
        raise Problem(
            zh=f"新版契约改变了已入库的行所依据的内容：{'、'.join(changed)}。",
            en=f"The new contract changes what stored rows were keyed, dated or typed by: {', '.join(changed)}.",
            where=new.name,
            todo_zh=f"要全部重新导入，请先运行 mingcha dataset withdraw {new.name}；"
            "否则请用新的数据集名（id）或新的字段。",
            todo_en=f"To import everything anew, run mingcha dataset withdraw {new.name} first; otherwise use a new id "
            "or a new field.",
        )


def columns_changed(new: Contract, old: Contract) -> bool:
    return {f.name for f in new.fields} != {f.name for f in old.fields}
