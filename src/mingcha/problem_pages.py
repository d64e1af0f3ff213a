"""A `Problem` as whoever asked can show it: a page, or the words for the place of a page that HTMX asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mingcha.language import chinese
from mingcha.problems import Problem


def problem_page(request: HttpRequest, problem: Problem, *, status: int = 400) -> HttpResponse:
    zh = chinese()
    context = {
        "what": problem.zh if zh else problem.en,
        "where": problem.where,
        "todo": problem.todo_zh if zh else problem.todo_en,
    }
    if request.headers.get("HX-Request"):  # a part of a page: its place says it (parts.js)
        response = render(request, "web/parts/problem.html", context, status=status)
        response["X-Problem"] = "1"
        return response
    return render(request, "web/problem.html", context, status=status)
