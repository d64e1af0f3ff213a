"""Files as departments send them: CSV in two encodings, gzip, xlsx, Parquet. The same table gives the same bytes."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import polars as pl

from .catalogue.grammar import Dataset, Periodic
from .contracts import document

SHEET = 200_000  # rows in one xlsx at most
_DATES = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy/MM/dd": "%Y/%m/%d", "yyyyMM": "%Y%m"}
_MADE = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


def as_text(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """Every value as the department writes it."""
    written = []
    for column in dataset.columns:
        series = frame[column.name]
        if series.dtype == pl.Date:
            month = column.kind == "month" or dataset.dates != "yyyyMM"
            pattern = "%Y-%m-%d" if dataset.format == "parquet" or not month else _DATES[dataset.dates]
            series = series.dt.to_string(pattern)
        elif series.dtype.is_temporal():
            series = series.dt.to_string("%Y-%m-%d %H:%M:%S")
        written.append(series.cast(pl.String))
    return pl.DataFrame(written)


def deliver(dataset: Dataset, frame: pl.DataFrame, folder: Path) -> list[Path]:
    """Write `frame` (all text) into `folder`; one file, or one a year for what comes monthly, or one a full sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = _parts(dataset, frame)
    paths = []
    for name, part in parts.items():
        suffix = dataset.format
        path = folder / (f"{dataset.title}{name}.xlsx" if suffix == "xlsx" else f"{dataset.name}{name}.{suffix}")
        if suffix == "parquet":
            _typed(dataset, part).write_parquet(path, compression="zstd", compression_level=3)
        else:
            part.columns = [column.title for column in dataset.columns]
            if suffix == "xlsx":
                _sheet(part, path)
            else:
                _csv(dataset, part, path)
        paths.append(path)
    return paths


def _parts(dataset: Dataset, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if isinstance(dataset.rows, Periodic) and dataset.format in ("csv.gz", "parquet"):
        year = frame[dataset.of("month")].str.slice(0, 4).fill_null("2026")
        year = year.set(
            ~year.is_in(["2023", "2024", "2025", "2026"]), "2026"
        )  # a shifted row has no year: the last file
        return {f"_{y}": frame.filter(year == y) for y in sorted(year.unique())}
    if dataset.format == "xlsx" and len(frame) > SHEET:
        return {f"_{i + 1}": part for i, part in enumerate(frame.iter_slices(SHEET))}
    return {"": frame.clone()}


def _csv(dataset: Dataset, frame: pl.DataFrame, path: Path) -> None:
    data = frame.write_csv().encode(dataset.encoding) if dataset.encoding != "utf-8" else None
    if dataset.format == "csv.gz":
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as file:
            file.write(data or frame.write_csv().encode())
    elif data is not None:
        path.write_bytes(data)
    else:
        frame.write_csv(path)


def _sheet(frame: pl.DataFrame, path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as book:
        book.set_properties({"created": _MADE, "comments": "模拟数据 simulated"})
        sheet = book.add_worksheet("模拟数据")
        sheet.write_row(0, 0, frame.columns)
        for number, row in enumerate(frame.iter_rows(), 1):
            sheet.write_row(number, 0, row)


def _typed(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """As a data warehouse would hold it: what isn't of the column's type is null."""
    kinds = {"integer": pl.Int64, "number": pl.Float64, "date": pl.Date}
    types = {p["name"]: kinds.get(p["logicalType"], pl.String) for p in document(dataset)["schema"][0]["properties"]}
    return frame.select(
        pl.col(n).str.to_date("%Y-%m-%d", strict=False) if t == pl.Date else pl.col(n).cast(t, strict=False)
        for n, t in types.items()
    )
