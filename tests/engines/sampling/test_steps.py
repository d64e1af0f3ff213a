"""A draw among three parties as files: what each step needs, refuses and leaves behind."""

import csv
import gzip
import json
import shutil
import stat
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.engines.sampling.small_draw import PARTIES, VALUE, commit_all, finished, frame_of, prepare, reveal_all

from mingcha.engines.sampling import folder, keys, results, steps
from mingcha.problems import Problem


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("done"))


@pytest.fixture
def copy(done, tmp_path):
    """A finished draw that a test may spoil."""
    shutil.copytree(done.folder.parent, tmp_path / "copy")
    return type(done)(tmp_path / "copy" / "draw", done.frame)


def edit(path, change):
    value = json.loads(path.read_bytes())
    change(value)
    path.write_text(json.dumps(value, ensure_ascii=False))


def test_three_parties(done):
    state = folder.status(done.folder)
    assert list(state.committed) == list(state.revealed) == state.parties == sorted(PARTIES, key=str.encode)
    assert state.drawn and set(state.attested) == set(PARTIES)
    public = json.loads((done.folder / "public.json").read_bytes())
    assert sum("drawn" in unit for unit in public["units"]) == 4 and len(public["units"]) == 12
    assert "P" not in (done.folder / "public.json").read_text().split('"units"')[1]
    design = list(csv.DictReader((done.secret / "design.csv").read_text("utf-8-sig").splitlines()))
    assert {row["id"] for row in design} == {unit["id"] for unit in public["units"] if "drawn" in unit}


def test_secrets_are_for_their_keepers_alone(done):
    private = [done.secret / "sealed.json", done.secret / "audit.json", *(done.key(party) for party in PARTIES)]
    private += list(done.folder.parent.glob("*.nonce"))
    assert len(private) == 8
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    assert stat.S_IMODE(done.secret.stat().st_mode) == 0o700


def test_the_same_inputs_give_the_same_bytes(copy):
    before = (copy.folder / "public.json").read_bytes(), (copy.secret / "design.csv").read_bytes()
    (copy.folder / "public.json").unlink()
    for party in PARTIES:
        folder.step_file(copy.folder, "attest", party).unlink()
    steps.run(copy.folder, VALUE)
    for party in PARTIES:
        results.attest(copy.folder, copy.key(party), copy.secret / "audit.json")
    results.publish(copy.folder)
    assert before == ((copy.folder / "public.json").read_bytes(), (copy.secret / "design.csv").read_bytes())


def test_gzip_holds_the_same_and_the_same_each_time(tmp_path):
    made = prepare(tmp_path, zipped=True)
    commit_all(made)
    reveal_all(made)
    record, units, outcome = steps.run(made.folder, VALUE, zipped=True)
    packed = (made.folder / "public.json.gz").read_bytes()
    results.write_results(made.folder, record, units, outcome, zipped=True)
    assert packed == (made.folder / "public.json.gz").read_bytes()
    results.write_results(made.folder, record, units, outcome, zipped=False)
    assert gzip.decompress(packed) == (made.folder / "public.json").read_bytes()


def test_nobody_reveals_before_all_have_committed(tmp_path):
    made = prepare(tmp_path)
    commit_all(made, PARTIES[:2])
    with pytest.raises(Problem, match="Not yet committed: 公证处"):
        steps.reveal(made.folder, made.key(PARTIES[0]))


def test_a_commitment_is_made_once_and_its_nonce_is_kept(tmp_path):
    made = prepare(tmp_path)
    steps.commit(made.folder, made.key("公证处"))
    with pytest.raises(Problem, match="committed already"):
        steps.commit(made.folder, made.key("公证处"))
    first = folder.step_file(made.folder, "commit", "公证处").read_bytes()
    folder.step_file(made.folder, "commit", "公证处").unlink()  # cut off after the nonce was kept
    steps.commit(made.folder, made.key("公证处"))
    assert folder.step_file(made.folder, "commit", "公证处").read_bytes() == first


def test_a_stranger_and_another_key_are_refused(tmp_path):
    made = prepare(tmp_path)
    keys.keygen("stranger", tmp_path / "stranger.key")
    with pytest.raises(Problem, match="name no stranger"):
        steps.commit(made.folder, tmp_path / "stranger.key")
    keys.keygen("公证处", tmp_path / "other.key")
    with pytest.raises(Problem, match="name no 公证处 with this key"):
        steps.commit(made.folder, tmp_path / "other.key")


def test_a_key_can_be_locked(tmp_path):
    made = prepare(tmp_path)
    keys.keygen("locked", tmp_path / "locked.key", b"secret")
    assert b"ENCRYPTED" in (tmp_path / "locked.key").read_bytes()
    for wrong in (None, b"guess"):
        with pytest.raises(Problem, match="can't be opened"):
            steps.commit(made.folder, tmp_path / "locked.key", wrong)
    with pytest.raises(Problem, match="exists"):
        keys.keygen("locked", tmp_path / "locked.key")
    with pytest.raises(Problem, match="party's name"):
        keys.keygen("../etc", tmp_path / "x.key")


def test_what_was_committed_cant_be_changed(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    path = made.folder / "ceremony.json"
    whole = path.read_bytes()
    edit(path, lambda value: value["params"]["strata"]["餐饮"].update(n=3))
    with pytest.raises(Problem, match="not signed for this draw"):
        folder.status(made.folder)
    path.write_bytes(whole)
    edit(made.secret / "sealed.json", lambda value: value["units"][3].update(P=value["units"][3]["P"] + 1))
    reveal_all(made)
    with pytest.raises(Problem, match="another root"):
        steps.run(made.folder, VALUE)
    assert not (made.folder / "public.json").exists()


def test_a_reveal_that_doesnt_open_its_commitment(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made)
    edit(folder.step_file(made.folder, "reveal", "公证处"), lambda value: value.update(nonce="00" * 32))
    with pytest.raises(Problem, match="公证处 revealed is not the nonce"):
        steps.run(made.folder, VALUE)


def test_a_no_show_voids_once_and_then_the_public_value_carries_the_draw(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made, PARTIES[:2])
    for without in ((), ("公证处",)):
        with pytest.raises(Problem, match="Not revealed: 公证处"):
            steps.run(made.folder, VALUE, without=without)
    with pytest.raises(Problem, match="Say why"):
        steps.void(made.folder, " ")
    steps.void(made.folder, "未揭示")
    with pytest.raises(Problem, match="is void"):
        steps.reveal(made.folder, made.key("公证处"))

    (tmp_path / "second").mkdir()
    for party in PARTIES:
        shutil.copy(made.key(party), tmp_path / "second")
        shutil.copy(keys.public_file(made.key(party)), tmp_path / "second")
    again = prepare(tmp_path / "second", after=made.folder)
    params = folder.read_terms(again.folder).params
    assert params["attempt"] == 2
    assert [(v["reason"], v["no_show"]) for v in params["voided"]] == [("未揭示", ["公证处"])]
    commit_all(again)
    reveal_all(again, PARTIES[:1])
    with pytest.raises(Problem, match="can't be voided"):
        steps.void(again.folder, "once more")
    with pytest.raises(Problem, match="Not revealed"):
        steps.run(again.folder, VALUE, without=[PARTIES[1]])
    with pytest.raises(Problem, match="names who has revealed"):
        steps.run(again.folder, VALUE, without=[PARTIES[0], PARTIES[1], "公证处"])
    record, _, _ = steps.run(again.folder, VALUE, without=[PARTIES[1], "公证处"])
    assert [party.nonce is None for party in record.parties] == [False, True, True]


def held_again(tmp_path, made, **options):
    """A second ceremony of the same draw, to which the parties come with the keys and nonce files they have."""
    (tmp_path / "second").mkdir()
    for path in [*tmp_path.glob("*.key*"), *tmp_path.glob("*.nonce")]:
        shutil.copy(path, tmp_path / "second")
    return prepare(tmp_path / "second", **options)


@pytest.mark.parametrize("way", ["left out", "emptied", "another root"])
def test_who_has_revealed_once_isnt_had_to_draw_again_in_secret(tmp_path, way):
    """The keeper alone holds void.json: emptying it, or leaving --after out, would make the next ceremony the first."""
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made, PARTIES[:2])
    if way != "left out":
        steps.void(made.folder, "未揭示")
    if way == "emptied":
        edit(made.folder / "void.json", lambda value: value.update(revealed=[]))
    again = held_again(tmp_path, made, after=None if way == "left out" else made.folder)
    if way == "another root":
        edit(again.folder / "ceremony.json", lambda value: value["params"]["voided"][0].update(root="00" * 32))
    for party in PARTIES[:2]:
        with pytest.raises(Problem, match="drawing again") as caught:
            steps.commit(again.folder, again.key(party))
        assert ".nonce" in caught.value.where
        assert not folder.step_file(again.folder, "commit", party).exists()
    steps.commit(again.folder, again.key("公证处"))  # has revealed nothing, so it can't know


@pytest.mark.parametrize(
    "change",
    [
        lambda params: params.update(attempt=1),
        lambda params: params["voided"].append(params["voided"][0]),
        lambda params: params["voided"][0].pop("revealed"),
        lambda params: params.update(voided=3),
    ],
)
def test_voided_ceremonies_are_counted_right_or_not_signed(tmp_path, change):
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made, PARTIES[:2])
    steps.void(made.folder, "未揭示")
    again = held_again(tmp_path, made, after=made.folder)
    edit(again.folder / "ceremony.json", lambda value: change(value["params"]))
    with pytest.raises(Problem, match="count the voided ceremonies wrong"):
        steps.commit(again.folder, again.key("公证处"))


def test_a_voided_ceremony_that_is_told_of_is_no_hindrance(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made, PARTIES[:2])
    steps.void(made.folder, "未揭示")
    again = held_again(tmp_path, made, after=made.folder)
    commit_all(again)
    with pytest.raises(Problem, match="committed already"):
        commit_all(again)


def test_nonces_of_other_draws_and_other_keys_are_no_hindrance(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made)
    other = tmp_path / "other"
    other.mkdir()
    for path in [*tmp_path.glob("*.key*"), *tmp_path.glob("*.nonce")]:
        shutil.copy(path, other / path.name.replace("公证处.", "公证处.旧."))
    shutil.copy(tmp_path / "公证处.key", other)  # the key 公证处.旧.key beside it has revealed, this one hasn't
    shutil.copy(tmp_path / "公证处.key.pub", other)
    again = prepare(other)
    steps.commit(again.folder, again.key("公证处"))
    with pytest.raises(Problem, match="drawing again"):
        steps.commit(again.folder, again.key(PARTIES[0]))


def test_a_ceremony_given_up_before_any_reveal_costs_nothing(tmp_path):
    made = prepare(tmp_path)
    commit_all(made, PARTIES[:1])
    steps.void(made.folder, "wrong frame")
    (tmp_path / "second").mkdir()
    again = prepare(tmp_path / "second", after=made.folder)
    params = folder.read_terms(again.folder).params
    assert params["attempt"] == 1 and params["voided"][0]["revealed"] == []


def test_when_all_have_revealed_only_the_draw_is_left(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    reveal_all(made)
    with pytest.raises(Problem, match="only the draw itself is left"):
        steps.void(made.folder, "I don't like it")
    with pytest.raises(Problem, match="public value is missing"):
        steps.run(made.folder, "  ")


def test_a_frame_is_not_drawn_from_twice(copy):
    with pytest.raises(Problem, match="not drawn from twice"):
        steps.run(copy.folder, "other value")
    with pytest.raises(Problem, match="never written over"):
        prepare(copy.folder.parent)


def test_the_public_value_alone_carries_a_draw_without_parties(tmp_path):
    made = prepare(tmp_path, parties=(), alone=True)
    record, _, outcome = steps.run(made.folder, VALUE)
    assert outcome.drawn.sum() == 4 and record.parties == []


@pytest.mark.parametrize("parties", [(), PARTIES[:1]])
def test_fewer_than_two_parties_are_a_choice_that_is_made_on_purpose(tmp_path, parties):
    with pytest.raises(Problem, match=f"Parties: {len(parties)}, and two are needed") as caught:
        prepare(tmp_path, parties=parties)
    assert "--alone" in caught.value.todo_zh and not (tmp_path / "draw").exists()
    assert folder.read_terms(prepare(tmp_path, parties=parties, alone=True).folder).params["outside"]["cap"] == 0


def test_a_frame_that_nobody_could_visit_is_sealed_on_purpose_only(tmp_path):
    from mingcha.engines.sampling import inspectors

    people = [inspectors.Inspector(f"Z{i}", ("东",), "2027-06-30", 4) for i in range(8)]
    directory = inspectors.directory(people, inspectors.Rules("2026-12-01"))
    given = {party: keys.keygen(party, tmp_path / f"{party}.key") for party in PARTIES}
    plan = steps.Plan("D", "lottery", take=4)
    with pytest.raises(Problem, match="西, 6 units: 0 at home, 8 away"):
        steps.prepare(tmp_path / "a", frame_of(), plan, given, inspectors=directory)
    assert not (tmp_path / "a").exists() and not (tmp_path / "a-secret").exists()
    made = steps.prepare(tmp_path / "a", frame_of(), plan, given, inspectors=directory, anyway=True)
    assert [(one.area, one.units) for one in made.short] == [("西", 6)]


def test_what_the_frame_gives_to_fear_is_told(tmp_path):
    """One firm stands out by its score: nearly certain to be visited. And four visits can't tell a rate."""
    frame = replace(frame_of(), scores=np.array([0.9] + [0.3] * 11), classes=None, strata=["all"] * 12)
    plan = steps.Plan("D", "lottery", take=4)
    made = steps.prepare(tmp_path / "a", frame, plan, {}, alone=True)
    assert made.highest > 0.85 and made.half_width > 0.3
    unknown = steps.prepare(tmp_path / "b", replace(frame, scores=frame.scores * 100), plan, {}, alone=True)
    assert unknown.half_width is None  # scores that are no probabilities


def test_nothing_is_drawn_before_the_day_of_the_public_value(tmp_path):
    made = prepare(tmp_path, public_on="2026-11-30")
    assert folder.read_terms(made.folder).params["public_on"] == "2026-11-30"
    commit_all(made)
    reveal_all(made)
    with pytest.raises(Problem, match="comes out on 2026-11-30") as caught:
        steps.run(made.folder, VALUE, today=date(2026, 11, 29))
    assert "2026-11-30" in caught.value.zh and not (made.folder / "public.json").exists()
    steps.run(made.folder, VALUE, today=date(2026, 11, 30))


def test_the_private_key_given_for_the_public_one(tmp_path):
    for passphrase in (None, b"secret"):
        path = tmp_path / f"{bool(passphrase)}.key"
        keys.keygen("x", path, passphrase)
        with pytest.raises(Problem, match="PRIVATE key") as caught:
            keys.read_party(path)
        assert ".pub" in caught.value.todo_en and ".pub" in caught.value.todo_zh


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v["units"][2].update(P=v["units"][2]["P"] + 1), "another root"),
        (lambda v: v["units"].pop(), "another root"),
        (lambda v: v["units"][1].update(id=v["units"][0]["id"]), "stands twice"),
        (lambda v: v["units"][1].update(s="zz"), "another root"),
        (lambda v: v["units"][1].pop("t"), "another root"),
        (lambda v: v["units"].reverse(), "another root"),
        (lambda v: v.update(units=7), "another root"),
        (lambda v: v.update(result="00" * 32), "not its signature|does not give the result"),
        (lambda v: v.update(public_value="x"), "seed does not follow"),
        (lambda v: v["params"].update(floor=1), "parameters are not those"),
        (lambda v: v["parties"].pop(), "parties are not those"),
        (lambda v: v.update(draw="x"), "of another draw"),
        (lambda v: v.update(format="x"), "is not mingcha-draw-audit/1"),
        (lambda v: v["parties"][0].update(nonce="AA" * 32), "lower-case hex"),
    ],
)
def test_nobody_attests_a_changed_audit_file(copy, change, said):
    folder.step_file(copy.folder, "attest", "公证处").unlink()
    edit(copy.secret / "audit.json", change)
    with pytest.raises(Problem, match=said):
        results.attest(copy.folder, copy.key("公证处"), copy.secret / "audit.json")
    assert not folder.step_file(copy.folder, "attest", "公证处").exists()


def test_truncated_files_are_named(copy):
    audit = copy.secret / "audit.json"
    audit.write_bytes(audit.read_bytes()[:-40])
    with pytest.raises(Problem, match="damaged") as caught:
        results.attest(copy.folder, copy.key("公证处"), audit)
    assert str(audit) in caught.value.where


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda frame: {"scores": frame.scores + 0.5}, "with another score, class or probability"),
        (lambda frame: {"strata": ["餐饮", *frame.strata[1:]]}, "1 in another stratum"),
        (lambda frame: {name: getattr(frame, name)[1:] for name in ("ids", "strata", "scores", "classes")}, "1 extra"),
        (lambda frame: {"ids": ["NEW", *frame.ids[1:]]}, "1 missing, 1 extra"),
    ],
)
def test_only_a_partys_own_frame_shows_a_unit_wrongly_spared(copy, spoil, said):
    audit = copy.secret / "audit.json"
    results.attest(copy.folder, copy.key("公证处"), audit, frame=copy.frame)
    with pytest.raises(Problem, match=said):
        results.attest(copy.folder, copy.key("公证处"), audit, frame=replace(copy.frame, **spoil(copy.frame)))


@pytest.mark.parametrize("units", [30, 2000])
@pytest.mark.parametrize("change", [0.7, 1.4])
def test_the_one_firm_whose_score_differs_is_named_though_all_probabilities_move(tmp_path, units, change):
    frame = replace(frame_of(units), strata=["all"] * units, scores=np.linspace(0.3, 0.6, units), classes=None)
    given = {party: keys.keygen(party, tmp_path / f"{party}.key") for party in PARTIES}
    steps.prepare(tmp_path / "a", frame, steps.Plan("D", "lottery", take=units // 10), given)
    terms, units_sealed = folder.read_terms(tmp_path / "a"), folder.sealed(folder.status(tmp_path / "a"))
    results.check_frame(units_sealed, frame, terms.params)
    at = units - 3
    scores = frame.scores.copy()
    scores[at] *= change
    with pytest.raises(Problem, match="1 with another score, class or probability") as caught:
        results.check_frame(units_sealed, replace(frame, scores=scores), terms.params)
    assert f"{frame.ids[at]}: " in caught.value.where and caught.value.where.count("%") == 2
    assert "only follow, since the sum is fixed" in caught.value.en


def test_receipts(copy):
    every = results.receipts(copy.folder)
    assert len(every) == 4
    (one,) = results.receipts(copy.folder, [copy.frame.ids[0]])
    value = json.loads(one.read_bytes())
    assert value["id"] == copy.frame.ids[0] and isinstance(value["drawn"], bool)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    with pytest.raises(Problem, match="Not in the frame: nobody"):
        results.receipts(copy.folder, ["nobody"])


def test_a_second_voided_ceremony_of_another_name_is_refused(tmp_path):
    made = prepare(tmp_path)
    steps.void(made.folder, "wrong frame")
    plan = steps.Plan("another", "lottery", take=4)
    with pytest.raises(Problem, match="another draw"):
        steps.prepare(tmp_path / "x", made.frame, plan, {}, after=made.folder, alone=True)


def test_a_commitment_changed_after_a_reveal_is_seen_by_who_revealed(tmp_path):
    """The keeper and a party in collusion: the party commits anew once it knows the honest one's nonce."""
    made = prepare(tmp_path)
    commit_all(made)
    honest, dishonest = PARTIES[0], PARTIES[1]
    steps.reveal(made.folder, made.key(honest))
    folder.step_file(made.folder, "commit", dishonest).unlink()
    for kept in tmp_path.glob(f"{dishonest}.*.nonce"):
        kept.unlink()
    steps.commit(made.folder, made.key(dishonest))
    reveal_all(made, PARTIES[1:])
    steps.run(made.folder, VALUE)
    results.attest(made.folder, made.key("公证处"), made.secret / "audit.json")  # saw the second commitment only
    with pytest.raises(Problem, match=f"commitment of {dishonest} is not the one that was there"):
        results.attest(made.folder, made.key(honest), made.secret / "audit.json")
    with pytest.raises(Problem, match="is not the one that was there"):
        steps.reveal(made.folder, made.key(honest))


def test_a_nonce_serves_in_one_ceremony_only(tmp_path):
    """The same sealed frame, other parameters: a nonce that is known already must not serve again."""
    made = prepare(tmp_path)
    first = steps.commit(made.folder, made.key("公证处"))
    edit(made.folder / "ceremony.json", lambda value: value["params"].update(public_source="another day"))
    folder.step_file(made.folder, "commit", "公证处").unlink()
    second = steps.commit(made.folder, made.key("公证处"))
    assert second.commitment != first.commitment
    assert len(list(tmp_path.glob("公证处.*.nonce"))) == 2


def test_a_lost_nonce_counts_as_not_revealed(tmp_path):
    made = prepare(tmp_path)
    commit_all(made)
    next(tmp_path.glob("公证处.*.nonce")).unlink()
    with pytest.raises(Problem, match="nonce that was kept at the commitment is not here"):
        steps.reveal(made.folder, made.key("公证处"))


def test_a_key_that_signs_anything_is_not_registered(tmp_path):
    path = tmp_path / "bad.pub"
    for key in (
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ):
        path.write_text(json.dumps({"format": "mingcha-draw-party/1", "id": "x", "key": key}))
        with pytest.raises(Problem, match="signs"):
            keys.read_party(path)


def test_parameters_that_dont_fit_the_sealed_units_are_not_attested(tmp_path):
    made = prepare(tmp_path)
    sizes = folder.read_terms(made.folder).params["strata"]["餐饮"]
    edit(made.folder / "ceremony.json", lambda value: value["params"]["strata"]["餐饮"].update(n=sizes["n"] + 1))
    commit_all(made)  # nobody can see it yet
    reveal_all(made)
    steps.run(made.folder, VALUE)
    with pytest.raises(Problem, match="other sizes, sums or bounds"):
        results.attest(made.folder, made.key("公证处"), made.secret / "audit.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda params: params.pop("floor"),
        lambda params: params.update(parties=[{"id": "../x", "key": "00" * 32}]),
        lambda params: params.update(parties=[{"id": "x"}]),
        lambda params: params.update(parties=3),
        lambda params: params.update(extra=0.5),
        lambda params: params.update(strata={"x": 1}),
        lambda params: params.update(attempt="1"),
        lambda params: params["parties"].append(params["parties"][0]),
    ],
)
def test_malformed_parameters_are_not_signed(tmp_path, change):
    made = prepare(tmp_path)
    edit(made.folder / "ceremony.json", lambda value: change(value["params"]))
    with pytest.raises(Problem):
        steps.commit(made.folder, made.key("公证处"))
