"""What computes the factors: DuckDB by default, Spark where the data outgrow one machine.

Both run the same Ibis expressions. An engine reads Parquet files, takes a small table in, keeps an intermediate
result, and hands a result out as Arrow; nothing else in this package knows which one it is.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """One open session of an engine. Use it in a `with` block: what it keeps goes at the end."""

    dialect: str  # of compile_expression

    def read(self, files: Sequence[Path]) -> Any:
        """The Parquet `files` as one Ibis table, columns matched by name."""

    def upload(self, table: pa.Table) -> Any:
        """An Arrow table as an Ibis table."""

    def keep(self, expression: Any) -> Any:
        """`expression` computed once, as an Ibis table that may be read again."""

    def fetch(self, expression: Any) -> pa.Table:
        """`expression` computed, as an Arrow table."""

    def micros(self, column: Any) -> Any:
        """A timestamp column as int64 microseconds since 1970 UTC."""

    def close(self) -> None: ...

    def __enter__(self) -> Engine: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _Session:
    """What both engines share: names of what is kept, and the end of the session."""

    con: Any

    def __init__(self) -> None:
        self._names = (f"kept_{i}" for i in itertools.count())

    def close(self) -> None:
        self.con.disconnect()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DuckDBEngine(_Session):
    """DuckDB in this process. `memory_limit` ("6GB") bounds it, and it spills to `temp_directory` beyond;
    `threads` 0 means every core."""

    dialect = "duckdb"

    def __init__(self, *, memory_limit: str = "", threads: int = 0, temp_directory: Path | None = None) -> None:
        import ibis

        super().__init__()
        settings: dict[str, Any] = {"threads": threads or os.cpu_count() or 1, "preserve_insertion_order": False}
        if memory_limit:
            settings["memory_limit"] = memory_limit
        if temp_directory is not None:
            temp_directory.mkdir(parents=True, exist_ok=True)
            settings["temp_directory"] = str(temp_directory)
        self.con = ibis.duckdb.connect(**settings)
        self.con.raw_sql("SET enable_progress_bar = false")  # DuckDB draws one in a program without a file

    def read(self, files: Sequence[Path]) -> Any:
        return self.con.read_parquet([str(f) for f in files], table_name=next(self._names), union_by_name=True)

    def upload(self, table: pa.Table) -> Any:
        return self.con.create_table(next(self._names), obj=table, temp=True)

    def keep(self, expression: Any) -> Any:
        return self.con.create_table(next(self._names), obj=expression, temp=True)

    def fetch(self, expression: Any) -> pa.Table:
        return self.con.con.execute(self.con.compile(expression)).to_arrow_table()

    def micros(self, column: Any) -> Any:
        return _builtin("epoch_us")(column)


class SparkEngine(_Session):
    """Spark, through a session that the caller opened (`SparkSession`): its cluster, its memory, its threads."""

    dialect = "spark"

    def __init__(self, session: Any) -> None:
        import ibis

        super().__init__()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        try:
            self.con = ibis.pyspark.connect(session)
        except ImportError as error:
            raise ImportError("Spark needs the extra: pip install 'mingcha[spark]'") from error

    def read(self, files: Sequence[Path]) -> Any:
        frame = self.con._session.read.option("mergeSchema", "true").parquet(*[str(f) for f in files])
        return self._view(frame)

    def upload(self, table: pa.Table) -> Any:
        return self._view(self.con._session.createDataFrame(table))

    def keep(self, expression: Any) -> Any:
        return self._view(self.con._session.sql(self.con.compile(expression)).persist())

    def fetch(self, expression: Any) -> pa.Table:
        return self.con._session.sql(self.con.compile(expression)).toArrow()

    def micros(self, column: Any) -> Any:
        return _builtin("unix_micros")(column)

    def close(self) -> None:
        self.con._session.catalog.clearCache()

    def _view(self, frame: Any) -> Any:
        name = next(self._names)
        frame.createOrReplaceTempView(name)
        return self.con.table(name)


def _builtin(name: str) -> Any:
    import ibis

    def instant(x): ...  # type: ignore[no-untyped-def]

    return ibis.udf.scalar.builtin(instant, name=name, signature=((ibis.dtype("timestamp"),), "int64"))
