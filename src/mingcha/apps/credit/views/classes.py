"""Credit classes: deliveries, one delivery with what it changed, and the import."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.permissions import may, require, whole_bureau
from mingcha.apps.jobs.services import job_start
from mingcha.desk.forms import say
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from ..choices import Grade
from ..forms import ImportForm
from ..models import CreditBatch
from ..selectors import batches_newest, class_drives, classes_overdue, classes_total
from ..services import classes_hand_in
from ..tables import BATCHES


@require("credit.class.view")
def batches(request: HttpRequest) -> HttpResponse:
    totals, drives = classes_total(request.user), class_drives()
    rated = sum(totals.values())
    return list_response(
        request,
        BATCHES,
        batches_newest(),
        template="credit/batches.html",
        export_action="credit.class.export",
        intro=_("As the province gives them. Our own risk class stands beside them, and never in their place."),
        classes=[
            {"letter": g, "n": totals.get(g, 0), "share": totals.get(g, 0) / rated, "percent": drives.get(g)}
            for g in Grade.values
        ]
        if rated
        else [],
        overdue=classes_overdue(),
        may_import=may(request.user, "credit.class.import") and whole_bureau(request.user),
    )


@require("credit.class.view")
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """One delivery: how many firms went from which class to which. Its faulty rows are for the bureau itself."""
    found = get_object_or_404(CreditBatch.objects.select_related("received_by"), pk=pk)
    rows = [(before, [(after, found.changes.get(before + after, 0)) for after in "ABCD"]) for before in "ABCD-"]
    context = {
        "batch": found,
        "rows": [row for row in rows if any(n for _after, n in row[1])],
        "sees_faults": whole_bureau(request.user),
    }
    return render(request, "credit/batch.html", context)


@require("credit.class.import")
def import_(request: HttpRequest) -> HttpResponse:
    """Take a file in as a job, which can be left; only for the bureau itself: the file is about everyone."""
    if not whole_bureau(request.user):
        raise Problem(
            zh="信用风险分类由市局统一导入。",
            en="Credit classes are imported by the bureau itself.",
            todo_zh="请联系市局信用监管科。",
            todo_en="Ask the bureau's own staff.",
        )
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            params = classes_hand_in(file=given["file"], source=given["source"], as_of=given["as_of"])
            job = job_start(
                kind="credit.class.import",
                params=params | {"user": request.user.pk},
                user=request.user,
                title=gettext_noop("Credit classes as of %(day)s"),
                title_params={"day": str(given["as_of"])},
            )
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The import has begun. You may leave this page; you are told when it ends."))
            return redirect(job)
    return render(request, "credit/import.html", {"form": form}, status=400 if form.errors else 200)
