"""What every instance shares. `embedded` and `server` say where things are kept."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from mingcha.care.logs import logging_config
from mingcha.care.proxy import networks
from mingcha.instance import home, secret_key

PACKAGE = Path(__file__).resolve().parents[2]
HOME = home()

SECRET_KEY = secret_key()
DEBUG = os.environ.get("MINGCHA_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("MINGCHA_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("MINGCHA_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "axes",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "mingcha.lists",
    "mingcha.desk",
    "mingcha.apps.accounts",
    "mingcha.api",
    "mingcha.apps.law",
    "mingcha.apps.notices",
    "mingcha.apps.jobs",
    "mingcha.apps.exchange",
    "mingcha.apps.entities",
    "mingcha.apps.leads",
    "mingcha.apps.credit",
    "mingcha.apps.risk",
    "mingcha.apps.supervision",
    "mingcha.web",
    "mingcha.care",
]
MIDDLEWARE = [
    "mingcha.care.middleware.WatchMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mingcha.apps.accounts.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "mingcha.web.middleware.CleanTextMiddleware",
    "mingcha.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # deny by default: a public view says so
    "mingcha.apps.accounts.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mingcha.care.middleware.BodyLimitMiddleware",
    "mingcha.web.middleware.ProblemMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "mingcha.config.urls"
WSGI_APPLICATION = "mingcha.config.wsgi.application"
TRUSTED_PROXIES = networks(os.environ.get("MINGCHA_PROXIES", ""))
MAX_BODY = int(os.environ.get("MINGCHA_MAX_BODY_MB", "200")) * 2**20
METRICS_TOKEN = os.environ.get("MINGCHA_METRICS_TOKEN", "")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "mingcha.web.context.shell",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False
# Roles that must have a second factor: MINGCHA_TOTP_ROLES=administrator,head
TOTP_ROLES = frozenset(filter(None, os.environ.get("MINGCHA_TOTP_ROLES", "").split(",")))


def _pairs(name: str) -> dict[str, str]:
    """group=value,group=value"""
    return dict(pair.split("=", 1) for pair in os.environ.get(name, "").split(",") if "=" in pair)


OIDC = {  # single sign-on, offered where there is an issuer: docs/howto/accounts.md
    "issuer": os.environ.get("MINGCHA_OIDC_ISSUER", ""),
    "client_id": os.environ.get("MINGCHA_OIDC_CLIENT_ID", ""),
    "client_secret": os.environ.get("MINGCHA_OIDC_CLIENT_SECRET", ""),
    "name": os.environ.get("MINGCHA_OIDC_NAME", "单点登录 SSO"),
    "scope": os.environ.get("MINGCHA_OIDC_SCOPE", "openid profile"),
    "claim": os.environ.get("MINGCHA_OIDC_CLAIM", "preferred_username"),
    "groups_claim": os.environ.get("MINGCHA_OIDC_GROUPS_CLAIM", "groups"),
    "roles": _pairs("MINGCHA_OIDC_ROLES"),
    "units": _pairs("MINGCHA_OIDC_UNITS"),
    "create": os.environ.get("MINGCHA_OIDC_CREATE") == "1",
    # "ours": whoever has a second factor here, or must have one, gives it after the provider, too; "provider": not
    "second_factor": os.environ.get("MINGCHA_OIDC_SECOND_FACTOR", "ours"),
}
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:login"
SESSION_COOKIE_AGE = 12 * 3600  # one working day at the desk
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "web" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = os.environ.get("MINGCHA_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
NODE_MODULES = PACKAGE.parents[1] / "node_modules"  # installed by scripts/front_end.py, served as they are
STATICFILES_DIRS = [
    (f"vendor/{name}", NODE_MODULES / folder)
    for name, folder in (
        ("htmx", "htmx.org/dist"),
        ("tabler", "@tabler/core/dist/css"),
        ("tabler-icons", "@tabler/icons-webfont/dist"),
        ("echarts", "echarts/dist"),
        ("maplibre", "maplibre-gl/dist"),
        ("inter", "@fontsource-variable/inter"),
        ("jetbrains-mono", "@fontsource-variable/jetbrains-mono"),
    )
    if (NODE_MODULES / folder).is_dir()
]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": HOME / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# An approved base map below the districts, where the instance has one: tiles by {z}/{x}/{y}, of WGS-84 or GCJ-02.
MAP_TILES = {
    "url": os.environ.get("MINGCHA_TILES", ""),
    "attribution": os.environ.get("MINGCHA_TILES_ATTRIBUTION", ""),
    "approval": os.environ.get("MINGCHA_TILES_APPROVAL", ""),  # 审图号
    "datum": os.environ.get("MINGCHA_TILES_DATUM", "WGS-84"),
}
if MAP_TILES["url"]:
    _tiles = "{0.scheme}://{0.netloc}".format(urlsplit(MAP_TILES["url"]))
    for _directive in ("img-src", "connect-src"):
        CONTENT_SECURITY_POLICY["DIRECTIVES"].setdefault(_directive, [SELF]).append(_tiles)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The API (docs/api.md): who a token is; requests a minute of a token, of an address without one, failures of an address
API_BEARER = "mingcha.apps.accounts.tokens.bearer"
API_RATE = int(os.environ.get("MINGCHA_API_RATE", "600"))
API_PUBLIC_RATE = int(os.environ.get("MINGCHA_API_PUBLIC_RATE", "120"))
API_FAILURES = int(os.environ.get("MINGCHA_API_FAILURES", "20"))
API_MAX_BODY = int(os.environ.get("MINGCHA_API_MAX_BODY_KB", "1024")) * 2**10
API_TOKEN_DAYS = int(os.environ.get("MINGCHA_API_TOKEN_DAYS", "366"))  # a token lasts no longer
API_COUNTS = None  # where SQLite keeps the counts: by default tmp/api-counts.sqlite3 of the instance
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
DATABASE_ROUTERS: list[str] = []
LOGGING = logging_config()
