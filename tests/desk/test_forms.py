"""What the forms of the desk have in common."""

from __future__ import annotations

import datetime as dt

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils import translation

from mingcha.desk.forms import Form, checked, day_field, on_disk, say
from mingcha.problems import Problem


class Asked(Form):
    kind = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label="Name")
    on = day_field("On", required=False)
    password = forms.CharField(required=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    pick = forms.ChoiceField(required=False, widget=forms.RadioSelect)


def refused(where: str) -> Problem:
    return Problem(zh="已有。", en="There is one.", where=where, todo_zh="换一个。", todo_en="Choose another.")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def test_a_field_has_the_desk_s_look_and_keeps_what_it_says_of_itself():
    form = Asked()
    assert form["name"].label_tag() == '<label for="id_name">Name</label>'
    attrs = {name: field.widget.attrs for name, field in form.fields.items()}
    assert attrs["name"] == {"class": "mc-input", "autocomplete": "off"}
    assert attrs["password"]["autocomplete"] == "new-password"
    assert "class" not in attrs["pick"]


def test_a_day_is_what_a_browser_s_calendar_gives():
    assert Asked({"name": "x", "on": "2026-03-04"}).is_valid()
    assert checked(Asked({"name": "x", "on": "2026-03-04"}))["on"] == dt.date(2026, 3, 4)
    assert "on" in Asked({"name": "x", "on": "03/04/2026"}).errors


def test_a_dialog_s_problem_names_its_fields():
    with pytest.raises(Problem) as raised:
        checked(Asked({"on": "soon"}))
    assert raised.value.where == "Name: This field is required.; On: Enter a valid date."


def test_a_refusal_stands_at_the_field_that_it_names():
    form = Asked({"name": "x"})
    assert form.is_valid()
    say(form, refused("name"))
    assert form.errors == {"name": ["There is one.\nChoose another."]}
    assert "There is one." in render_to_string("web/parts/field.html", {"field": form["name"]})


@pytest.mark.parametrize("where", ["PLAN-7", "", "kind"])
def test_any_other_stands_above_the_form_with_where_and_what_to_do(where):
    form = Asked({"name": "x"})
    say(form, refused(where))
    said = render_to_string("web/parts/refused.html", {"form": form})
    assert list(form.errors) == ["__all__"]
    assert "There is one.<br>" in said and "What to do: Choose another." in said
    assert (f"Where: {where}<br>" in said) == bool(where)


def test_an_upload_is_a_file_of_its_own_name_and_a_problem_names_it():
    two = [SimpleUploadedFile("表.csv", b"a"), SimpleUploadedFile("表.csv", b"b")]
    with pytest.raises(Problem) as raised, on_disk(two) as [first, second]:
        assert (first.name, first.read_bytes(), second.read_bytes()) == ("表.csv", b"a", b"b")
        raise refused(f"{second}, row 3")
    assert raised.value.where == "表.csv, row 3"
    assert not first.exists()
