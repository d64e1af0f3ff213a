"""Jobs: the list, one job, its progress while it is looked at, and stopping it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import require
from mingcha.lists.views import list_response

from .selectors import job_progress, jobs_visible
from .services import job_stop
from .tables import JOBS


@require("jobs.job.view")
def jobs(request: HttpRequest) -> HttpResponse:
    return list_response(request, JOBS, jobs_visible(request.user), export_action="jobs.job.export")


@require("jobs.job.view")
def job(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(jobs_visible(request.user), pk=pk)
    return render(request, "jobs/job.html", {"job": found})


@require("jobs.job.view")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """What HTMX asks for while a job runs. Other rooms put it on their own pages: {% job_progress job %}."""
    found = get_object_or_404(jobs_visible(request.user), pk=pk)
    shown = {"job": found, "reload": "reload" in request.GET} | job_progress(request.user, found)
    response = render(request, "jobs/progress.html", shown)
    if not found.open and "reload" in request.GET:  # the page around it shows the outcome
        response["HX-Refresh"] = "true"
    return response


@require_POST
@require("jobs.job.stop")
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(jobs_visible(request.user, "jobs.job.stop"), pk=pk)
    if found.open:
        job_stop(job=found, user=request.user)
    if request.headers.get("HX-Request"):
        return progress(request, pk)
    return redirect(found)
