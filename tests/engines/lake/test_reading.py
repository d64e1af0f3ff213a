"""Contracts read: what they say, and every fault of a bad one told at once with its line."""

from pathlib import Path

import pytest
import yaml
from tests.engines.lake.deliveries import PEOPLE, contract, contract_text

from mingcha.engines.lake.reading import contract_of, digest_of, read_contract, read_document, strptime_of
from mingcha.problems import Problem

CONTRACTS = Path(__file__).parents[3] / "contracts"
SHIPPED = sorted(p for p in CONTRACTS.glob("**/*.yaml") if "kind: DataContract" in p.read_text(encoding="utf-8"))


def fault(text, source=None) -> Problem:
    with pytest.raises(Problem) as caught:
        read_contract(source or text)
    return caught.value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: "/".join(p.parts[-2:]))
def test_every_contract_that_ships_reads_and_its_document_gives_the_same(path):
    read, document, _ = read_document(path)
    assert contract_of(document) == read
    assert read.digest == digest_of(document)


def test_what_is_read():
    said = contract(
        [
            {"name": "id", "physicalName": "编号", "primaryKey": True, "primaryKeyPosition": 2},
            {"name": "seq", "logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1},
            {"name": "day", "logicalType": "date", "logicalTypeOptions": {"format": "yyyy年M月d日|dd/MM/yyyy"}},
            {"name": "codes", "logicalType": "array", "logicalTypeOptions": {"separator": "、"}},
            {"name": "phone", "classification": "restricted"},
        ],
        custom={
            "eventTime": {"field": "day", "zone": "America/Chicago"},
            "knownTime": {"lag": "P2W"},
            "missing": ["N/A"],
        },
        servers=[{"server": "x", "type": "local", "format": "csv", "encoding": "GBK", "delimiter": ";"}],
    )
    assert said.primary_key == ("seq", "id")
    assert said.field("id").header == "编号"
    assert said.field("id").required
    assert said.field("day").formats == ("%Y年%m月%d日", "%d/%m/%Y")
    assert said.field("codes").separator == "、"
    assert said.field("phone").masked
    assert (said.event_time, said.zone, said.known_lag, said.known_assumed) == ("day", "America/Chicago", 14, True)
    assert (said.encoding, said.delimiter, said.missing) == ("gb18030", ";", ("N/A",))
    assert [r.standard for r in said.rules] == ["not_future"]


def test_rules_of_every_kind():
    said = contract(
        [
            {
                "name": "id",
                "logicalTypeOptions": {"minLength": 2, "pattern": "^[a-z]"},
                "quality": [
                    {
                        "type": "library",
                        "metric": "invalidValues",
                        "arguments": {"validValues": ["it's", "b"]},
                        "mustBe": 0,
                        "severity": "warning",
                        "description": "不对 / wrong",
                    },
                    {"type": "custom", "engine": "mingcha", "implementation": "uscc"},
                    {"type": "text", "description": "for people"},
                ],
            },
            {"name": "n", "logicalType": "number", "logicalTypeOptions": {"exclusiveMaximum": 10, "multipleOf": 0.5}},
        ],
        quality=[{"type": "sql", "name": "both", "query": "n > 1 OR id = 'b'"}],
    )
    found = {(r.field, r.name): r for r in said.rules}
    assert set(found) == {
        ("id", "min_length"),
        ("id", "pattern"),
        ("id", "valid_values"),
        ("id", "uscc"),
        ("n", "maximum"),
        ("n", "multiple"),
        ("", "both"),
    }
    assert found["id", "valid_values"].severity == "warning"
    assert (found["id", "valid_values"].reason_zh, found["id", "valid_values"].reason_en) == ("不对", "wrong")
    assert found["id", "uscc"].reason_zh


def edited(change) -> str:
    document = yaml.safe_load(contract_text([dict(p) for p in PEOPLE], custom={"eventTime": {"field": "day"}}))
    change(document)
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def custom(name, value):
    def change(document):
        document["schema"][0]["customProperties"].append({"property": name, "value": value})

    return change


def prop(index, **changes):
    return lambda document: document["schema"][0]["properties"][index].update(changes)


FACTORS = {"lawfulBasis": {"law": "x"}}
POINT = {"name": "bad", "label": "size > 1"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(apiVersion="v2.2.0"), "not supported"),
        (lambda d: d.pop("kind"), "no contract"),
        (lambda d: d.update(statuss="x"), "is it 'status'"),
        (lambda d: d.update(id="Bad Name"), "lower-case"),
        (lambda d: d.pop("version"), "version"),
        (lambda d: d["schema"].append(d["schema"][0]), "exactly one schema"),
        (lambda d: d["schema"][0].update(properties=[]), "no fields"),
        (prop(1, logicalType="integr"), "is it 'integer'"),
        (prop(1, name="id"), "twice"),
        (prop(1, name="1st"), "begin with a letter"),
        (prop(0, primarykey=True), "is it 'primaryKey'"),
        (prop(1, logicalTypeOptions={"minLength": 3}), "no option 'minLength'"),
        (prop(1, logicalTypeOptions={"minimum": "three"}), "does not fit"),
        (prop(2, logicalTypeOptions={"format": "yyyy-QQ-dd"}), "unknown letter 'QQ'"),
        (prop(0, quality=[{"type": "sql", "query": "SELECT count(*) FROM t", "mustBe": 0}]), "not allowed"),
        (prop(0, quality=[{"type": "library", "metric": "nullValues", "mustBeLessThan": 5}]), "every row"),
        (prop(0, quality=[{"type": "library", "metric": "rowCount"}]), "rowCount"),
        (prop(0, quality=[{"type": "library", "metric": "invalidValues", "arguments": {"validValues": [3]}}]), "text"),
        (prop(0, quality=[{"type": "custom", "engine": "mingcha", "implementation": "usc"}]), "is it 'uscc'"),
        (prop(1, quality=[{"type": "custom", "engine": "mingcha", "implementation": "uscc"}]), "is for string"),
        (prop(0, quality=[{"type": "custom", "engine": "soda", "implementation": "x"}]), "'soda'"),
        (lambda d: d.update(servers=[{"server": "x", "format": "xls"}]), "unknown format"),
        (lambda d: d.update(servers=[{"server": "x", "encoding": "big5"}]), "unknown encoding"),
        (lambda d: d.update(servers=[{"server": "x", "delimiter": "::"}]), "one ASCII"),
        (custom("keyBy", "entity"), "is it 'keyedBy'"),
        (custom("place", {"latitude": "id", "longitude": "lon"}), "of type string"),
        (custom("place", {"latitude": "x"}), "there is no field 'x'"),
        (custom("knownTime", {"lag": "2 days"}), "no duration"),
        (custom("knownTime", {"lag": "P1D", "since": "2013-01-01"}), "one of field, lag and since"),
        (custom("knownTime", {"since": "1/1/2013"}), "a date like"),
        (custom("knownTime", {"since": "2015-13-45"}), "a date like"),
        (custom("knownTime", {"since": "2015-02-29"}), "a date like"),
        (custom("entity", {"nam": "id"}), "is it 'name'"),
        (custom("entity", {"name": "nom"}), "no field 'nom'"),
        (custom("factors", {"windows": ["P30D"]}), "lawfulBasis.law"),
        (custom("factors", {**FACTORS, "measures": ["id"]}), "of type string"),
        (custom("factors", {**FACTORS, "conditions": {"a": "size = 'x'"}}), "don't go together"),
        (custom("factors", {**FACTORS, "windos": []}), "is it 'windows'"),
        (custom("factors", FACTORS), "knownTime is needed"),
        (custom("inspections", {"riskPoints": []}), "at least one risk point"),
        (custom("inspections", {"riskPoints": [{"name": "x"}]}), "name and label"),
        (custom("inspections", {"riskPoints": [POINT], "inspector": "who"}), "no field 'who'"),
        (custom("inspections", {"riskPoints": [{**POINT, "label": "size"}]}), "not a condition"),
    ],
)
def test_what_does_not_fit_is_refused_with_words_and_place(change, words):
    problem = fault(edited(change))
    assert words in problem.en
    assert problem.zh
    assert problem.todo_zh
    assert problem.todo_en


def test_every_fault_is_told_at_once_with_its_line():
    text = edited(lambda d: (prop(0, quality=[{"type": "sql", "query": "a > 1"}])(d), prop(1, unique=True)(d)))
    text = text.replace("field: day", "field: dya")
    said = fault(text).en
    assert "2 faults" in said
    for number, line in enumerate(text.splitlines(), 1):
        if "query:" in line or "field: dya" in line:
            assert any(f"line {n} " in said for n in (number - 1, number)), (number, line, said)


def test_no_file_no_text_no_yaml(tmp_path):
    assert "no such contract" in fault("", tmp_path / "nothing.yaml").en
    binary = tmp_path / "data.xlsx"
    binary.write_bytes(b"PK\x03\x04\xff\xfe")
    assert "not UTF-8" in fault("", binary).en
    broken = tmp_path / "broken.yaml"
    broken.write_text("apiVersion: v3.1.0\nkind: DataContract\n  id: x\n")
    problem = fault("", broken)
    assert "well-formed YAML" in problem.en
    assert "line 3" in problem.where
    assert "no contract" in fault("", write_list(tmp_path)).en


def write_list(folder):
    path = folder / "list.yaml"
    path.write_text("- a\n- b\n")
    return path


def test_the_digest_is_of_what_is_said_not_of_how():
    text = contract_text(PEOPLE)
    again = "# a comment\n" + yaml.safe_dump(yaml.safe_load(text), sort_keys=True, allow_unicode=True)
    assert read_contract(text).digest == read_contract(again).digest
    assert read_contract(text.replace("1.0.0", "1.0.1")).digest != read_contract(text).digest


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy-MM-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S"),
        ("yyyyMMdd", "%Y%m%d"),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "%Y-%m-%dT%H:%M:%S%z"),
        ("d MMM yy, h:mm a", "%d %b %y, %I:%M %p"),
        ("yyyy年MM月dd日", "%Y年%m月%d日"),
    ],
)
def test_date_letters(pattern, expected):
    assert strptime_of(pattern) == expected
