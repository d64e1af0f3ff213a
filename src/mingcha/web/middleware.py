"""The user's language, and problems shown as pages."""

from django.conf import settings
from django.http import HttpResponseBadRequest
from django.utils import translation

from mingcha.problem_pages import problem_page
from mingcha.problems import Problem


class LanguageMiddleware:
    """The language that the user chose (a cookie; signing in sets it from the profile), else the instance's.

    The browser's own preference is not asked: an office's PC says "en" as often as not.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class ProblemMiddleware:
    """A `Problem` that a view raises becomes a page that says what, where and what to do."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        return problem_page(request, exception) if isinstance(exception, Problem) else None


class CleanTextMiddleware:
    """No text that we keep or look for holds a NUL: an address with one is nobody's mistake in typing."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith("/api/"):  # refuses it in its own manner: api/door.py
            return self.get_response(request)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest(b"")
        return self.get_response(request)
