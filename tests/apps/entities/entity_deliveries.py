"""Batches in the lake without an import: contracts and rows as a test writes them, stored as an import stores them."""

import hashlib
import json
import uuid
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.utils import timezone

from mingcha.apps.exchange.models import Batch, Dataset, LakeFile
from mingcha.apps.exchange.selectors import lake_folder
from mingcha.engines.lake.reading import read_document
from mingcha.engines.linkage.identifiers import key_sql, register

START = datetime(2020, 1, 1)
TYPES = {
    "latitude": "number",
    "longitude": "number",
    "opened_on": "date",
    "closed_on": "date",
    "starts": "timestamp",
    "issued": "date",
}


def day(n):
    return START + timedelta(days=n)


def dataset(name, keys, roles=(), fields=("id", "known"), masked=(), **custom):
    """A dataset with entity keys {field: scheme} and descriptive fields named by their roles."""
    names = list(dict.fromkeys([*fields, *keys, *roles]))
    properties = [
        {
            "name": n,
            "businessName": f"{n} of {name}",
            "logicalType": "timestamp" if n == "known" else TYPES.get(n, "string"),
            "primaryKey": n == "id",
            **({"logicalTypeOptions": {"format": "yyyy-MM-dd HH:mm:ss"}} if n == "known" else {}),
            **({"classification": "restricted"} if n in masked else {}),
        }
        for n in names
    ]
    declared = {
        "keyedBy": "entity",
        "entityKeys": [{"scheme": scheme, "field": field} for field, scheme in keys.items()],
        "entity": {role: role for role in roles},
        "eventTime": {"field": "known", "zone": "UTC"},
        "knownTime": {"field": "known"},
        **custom,
    }
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": name,
        "name": name.title(),
        "version": "1.0.0",
        "status": "active",
        "tenant": f"department of {name}",
        "schema": [
            {
                "name": name,
                "properties": properties,
                "customProperties": [{"property": k, "value": v} for k, v in declared.items() if v],
            }
        ],
    }
    contract, document, text = read_document(json.dumps(document, indent=1))
    return Dataset.objects.create(
        name=name,
        title=contract.title,
        department=contract.department,
        contract=text,
        document=document,
        version=contract.version,
        digest=contract.digest,
        keyed_by=contract.keyed_by,
        simulated=contract.simulated,
    )


def deliver(dataset, rows, *, kind=LakeFile.Kind.CLUSTERED, row_group_size=4096):
    """A batch of `rows` (dicts of the contract's fields; `known` is a day's number, see `day`)."""
    from mingcha.apps.exchange.selectors import dataset_contract

    contract = dataset_contract(dataset)
    number = dataset.batches.count() + 1
    types = {"timestamp": pa.timestamp("us"), "number": pa.float64(), "date": pa.date32()}
    columns = {
        f.name: pa.array([_value(row.get(f.name), f.type) for row in rows], types.get(f.type, pa.string()))
        for f in contract.fields
    }
    table = pa.table(columns)
    ids = [hashlib.md5(str(row.get("id", row)).encode()).digest() for row in rows]
    with duckdb.connect() as connection:
        register(connection)
        connection.register("rows", table.append_column("_id", pa.array(ids, pa.binary(16))))
        keys = ", ".join(key_sql(k.scheme, f'"{k.field}"') for k in contract.entity_keys)
        stored = connection.execute(
            f"""
            SELECT r.* EXCLUDE (_id), coalesce({keys},
                'record:{dataset.name}:' || hex(_id)) AS _key, known AS _event_at,
                known AS _known_at, now()::TIMESTAMP AS _received_at, {number}::BIGINT AS _batch, 1::INTEGER AS _file,
                row_number() OVER () AS _row, _id, hash(r)::BIGINT % 1000000 AS _digest
            FROM rows r ORDER BY _key, _event_at""".replace("hash(r)::BIGINT", "(hash(r) >> 2)::BIGINT")
        ).to_arrow_table()
    path = f"{dataset.name}/{number:06d}-{uuid.uuid4().hex[:8]}.parquet"  # as in a real lake: never the same again
    (lake_folder() / path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(stored, lake_folder() / path, row_group_size=row_group_size)
    batch = Batch.objects.create(
        dataset=dataset,
        number=number,
        contract_digest=contract.digest,
        version=contract.version,
        rows_read=len(rows),
        rows_accepted=len(rows),
        rows_duplicate=0,
        rows_quarantined=0,
        seconds=0,
        received_at=timezone.now(),
    )
    LakeFile.objects.create(
        dataset=dataset, batch=batch, kind=kind, path=path, rows=len(rows), bytes=(lake_folder() / path).stat().st_size
    )
    return batch


def _value(value, kind):
    if kind == "timestamp" and isinstance(value, (int, float)):
        return day(value)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return value
