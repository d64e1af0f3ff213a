"""What every form of the desk has in common: its look, its day fields, and how a service's refusal is put on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from mingcha.instance import home
from mingcha.language import chinese, told
from mingcha.problems import Problem


class Form(forms.Form):
    """Labels without a colon, and the desk's look. A browser offers nothing of earlier cases, unless the field says
    what it is for: a password, a one-time code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, label_suffix="")
        for field in self.fields.values():
            if not isinstance(field.widget, forms.RadioSelect | forms.CheckboxInput):
                field.widget.attrs.setdefault("class", "mc-input")
            field.widget.attrs.setdefault("autocomplete", "off")


def day_field(label: Any, **more: Any) -> forms.DateField:
    """A day, as a browser's own calendar gives it: 03/04/2026 would be two days."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, input_formats=["%Y-%m-%d"], **more)


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files in one field; whoever asks bounds them."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list) else [data]
        files = [super(FilesField, self).clean(one, initial) for one in given or [None]]
        return [file for file in files if file]


def checked(form: forms.Form) -> dict[str, Any]:
    """What a dialog gave; Problem that names the fields that are wrong, since the dialog is gone by then."""
    if form.is_valid():
        return form.cleaned_data
    wrong = [
        (str(form.fields[name].label if name in form.fields else ""), " ".join(errors))
        for name, errors in form.errors.items()
    ]
    raise Problem(
        zh="有的内容没有填对。",
        en="Something isn't filled in right.",
        where="; ".join(f"{label}: {text}".strip(": ") for label, text in wrong),
        todo_zh="请返回改正后再提交。",
        todo_en="Go back, mend it and send it again.",
    )


def say(form: forms.Form, problem: Problem) -> None:
    """Put what a service refused on the form, so that nothing need be typed again: at the field that it names, else
    above them all."""
    if problem.where in form.fields and not form[problem.where].is_hidden:
        said = (problem.zh, problem.todo_zh) if chinese() else (problem.en, problem.todo_en)
        form.add_error(problem.where, "\n".join(filter(None, said)))
    else:
        form.add_error(None, told(problem))


@contextmanager
def on_disk(files: Sequence[UploadedFile]) -> Iterator[list[Path]]:
    """Uploads as files of their own names, as commands read them; a Problem names the upload, not our copy."""
    with TemporaryDirectory(dir=home() / "tmp") as place:
        paths = []
        for number, file in enumerate(files):
            path = Path(place) / str(number) / (Path(file.name or "").name or "upload")
            path.parent.mkdir()
            with path.open("wb") as copy:
                for piece in file.chunks():
                    copy.write(piece)
            paths.append(path)
        try:
            yield paths
        except Problem as problem:
            for path in paths:
                problem.where = problem.where.replace(str(path), path.name)
            raise
