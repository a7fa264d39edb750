"""One settings file; everything that differs between machines comes from the environment.

A wrong value fails at start. Times are kept in UTC, dates are decided by `accounts.india.today()`.
"""

import re
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from kombu.entity import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)


def _kept_secret(name: str) -> str:
    """The secret `name` from the environment, else one made once and kept in VAR_DIR (embedded default)."""
    if value := env.str(name, default=""):
        if len(value) < 32:
            raise ImproperlyConfigured(f"{name} must have at least 32 characters.")
        return value
    path = VAR_DIR / f"{name.lower()}.key"
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


SECRET_KEY = _kept_secret("SECRET_KEY")
# Newest first: new links are signed with the first key, every key is still accepted.
LINK_KEYS = [part.strip() for part in _kept_secret("LINK_KEYS").split(",")]
CODE_KEY = _kept_secret("CODE_KEY")

SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
if not re.fullmatch(r"https?://[^/\s]+", SITE_URL):
    raise ImproperlyConfigured("SITE_URL must look like https://ledger.example.in, without a path.")
SITE_HOST = urlsplit(SITE_URL).netloc
SITE_IS_HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname, "127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies of our own stand before the site: so many hops of X-Forwarded-For are believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

INSTALLED_APPS = [
    "accounts",
    "catalog",
    "ledger",
    "portal",
    "config.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pads its answers at random against BREACH; CSRF tokens are masked anew in each.
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "accounts.middleware.PrivatePagesMiddleware",
    "accounts.middleware.PlainRequestsMiddleware",
    "accounts.sessions.RoleSessionMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ]
            if not DEBUG
            else [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
            "builtins": ["accounts.templatetags.money"],
        },
    }
]
FORM_RENDERER = "accounts.forms.FormRenderer"

# --- Database: SQLite in VAR_DIR unless DATABASE_URL names a PostgreSQL -------------------------------------
# A worker's threads share a pool of so many connections (PostgreSQL): Celery closes them after each task. 0: none.
IS_WORKER = "worker" in sys.argv and "celery" in " ".join(sys.argv[:2])
DB_POOL = env.int("DB_POOL", default=10 if IS_WORKER else 0)
DB_STATEMENT_SECONDS = env.int("DB_STATEMENT_SECONDS", default=0)
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'sharedledger.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    # In-memory SQLite locks at once under threads: tests use a file.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A database that does not answer is given up, so that the page can say so. What DATABASE_URL says itself counts.
    _patience: dict[str, Any] = {"connect_timeout": 5, "tcp_user_timeout": 20_000}
    _patience |= {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}
    if DB_STATEMENT_SECONDS:
        _patience["options"] = f"-c statement_timeout={DB_STATEMENT_SECONDS * 1000}"
    DATABASES["default"]["OPTIONS"] = _patience | DATABASES["default"].get("OPTIONS", {})
    if TESTING:
        DATABASES["default"]["CONN_MAX_AGE"] = 0
    elif DB_POOL:
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DB_POOL, "timeout": 20}
    else:
        DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
        DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    raise ImproperlyConfigured("DATABASE_URL must name a SQLite or a PostgreSQL database.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Background work: a real broker with REDIS_URL, else the drainer thread in the web process --------------
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
# A worker takes from both by turns, so a code waits for one drawing at most; or each has workers of its own (-Q).
CELERY_TASK_QUEUES = [Queue("celery"), Queue("papers")]
CELERY_TASK_ROUTES = {f"ledger.tasks.{name}": {"queue": "papers"} for name in ("make_paper", "make_statement")}
# Messages are sent in batches by one event loop (accounts.delivery); threads of one process keep its connections.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env.int("WORKER_THREADS", default=6)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY = False
# A worker writes its log through our own handler, which scrubs tokens and numbers, and prints messages as they are.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = "UTC"
MESSAGE_SWEEP_SECONDS = env.float("MESSAGE_SWEEP_SECONDS", default=10.0)
CELERY_BEAT_SCHEDULE = {
    "sweep-messages": {
        "task": "accounts.tasks.sweep",
        "schedule": MESSAGE_SWEEP_SECONDS,
        "options": {"expires": MESSAGE_SWEEP_SECONDS},
    },
    "sweep-old-rows": {"task": "accounts.tasks.forget_old_rows", "schedule": 3600.0},
    "remind": {"task": "ledger.tasks.remind", "schedule": 60.0},
    "prove-the-book": {"task": "ledger.tasks.prove_the_book", "schedule": 24 * 3600.0},
    "forget-old-papers": {"task": "ledger.tasks.forget_old_papers", "schedule": 24 * 3600.0},
    "forget-old-comparisons": {"task": "ledger.tasks.forget_old_comparisons", "schedule": 24 * 3600.0},
}
# Whether pages ask for event streams (config.asgi, served by a process of their own), and how many one process holds.
LIVE_STREAMS = env.bool("LIVE_STREAMS", default=False)
LIVE_STREAMS_PER_PROCESS = env.int("LIVE_STREAMS_PER_PROCESS", default=2000)
EMBEDDED_DRAINER = env.bool("EMBEDDED_DRAINER", default=not REDIS_URL) and not TESTING

# --- Language, time, numbers --------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [  # each by the name its readers call it
    ("en", "English"),
    ("hi", "हिन्दी"),
    ("mr", "मराठी"),
    ("gu", "ગુજરાતી"),
    ("ta", "தமிழ்"),
    ("te", "తెలుగు"),
    ("kn", "ಕನ್ನಡ"),
    ("bn", "বাংলা"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
LANGUAGE_COOKIE_NAME = "sl_lang"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
TIME_ZONE = "Asia/Kolkata"  # how times are shown; they are stored in UTC
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "IN"
PHONENUMBER_DB_FORMAT = "E164"

# --- Messages -----------------------------------------------------------------------------------------------
GATEWAYS = {
    "console": "accounts.gateways.Console",
    "whatsapp": "accounts.gateways.whatsapp.CloudApi",
    "msg91": "accounts.gateways.msg91.Msg91",
    "twilio": "accounts.gateways.twilio.Twilio",
    "smtp": "accounts.gateways.smtp.Smtp",
}
# Channel -> dotted path of the gateway class; the console prints, and so stands on loopback addresses only.
MESSAGE_GATEWAYS = {
    channel: GATEWAYS.get(chosen, chosen)
    for channel in ("sms", "whatsapp", "email")
    for chosen in [env.str(f"{channel.upper()}_GATEWAY", default="console")]
}
# Links in SMS begin with it: a short host whose addresses lead to the same paths of SITE_URL.
LINK_URL = env.str("LINK_URL", default=SITE_URL).rstrip("/")
WHATSAPP_URL = env.str("WHATSAPP_URL", default="https://graph.facebook.com/v23.0").rstrip("/")
WHATSAPP_TOKEN = env.str("WHATSAPP_TOKEN", default="")
WHATSAPP_PHONE_ID = env.str("WHATSAPP_PHONE_ID", default="")
# Whose templates WhatsApp has approved; whoever reads another gets the English one.
WHATSAPP_LANGUAGES = env.list("WHATSAPP_LANGUAGES", default=[code for code, _ in LANGUAGES])
if "en" not in WHATSAPP_LANGUAGES or not set(WHATSAPP_LANGUAGES) <= dict(LANGUAGES).keys():
    raise ImproperlyConfigured(f"WHATSAPP_LANGUAGES must hold en, and only of {' '.join(dict(LANGUAGES))}.")
WHATSAPP_APP_SECRET = env.str("WHATSAPP_APP_SECRET", default="")
WHATSAPP_VERIFY_TOKEN = env.str("WHATSAPP_VERIFY_TOKEN", default="")
MSG91_URL = env.str("MSG91_URL", default="https://control.msg91.com/api/v5/flow")
MSG91_AUTHKEY = env.str("MSG91_AUTHKEY", default="")
MSG91_TEMPLATES = env.dict("MSG91_TEMPLATES", default={})
MSG91_HOOK_SECRET = env.str("MSG91_HOOK_SECRET", default="")
SMS_HEADER = env.str("SMS_HEADER", default="")
DLT_ENTITY_ID = env.str("DLT_ENTITY_ID", default="")
TWILIO_URL = env.str("TWILIO_URL", default="https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env.str("TWILIO_FROM", default="")
MAIL_FROM = env.str("MAIL_FROM", default="")
MAIL_HOOK_SECRET = env.str("MAIL_HOOK_SECRET", default="")
# smtp://, smtps:// (TLS from the start) or smtp+tls:// (STARTTLS), with user:password@host:port.
MAIL_URL = env.str("MAIL_URL", default="")
_mail = urlsplit(MAIL_URL)
if MAIL_URL and (_mail.scheme not in {"smtp", "smtps", "smtp+tls"} or not _mail.hostname):
    raise ImproperlyConfigured("MAIL_URL must look like smtp+tls://user:password@host:587.")
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": _mail.hostname or "127.0.0.1",
            "port": _mail.port,
            "username": unquote(_mail.username or ""),
            "password": unquote(_mail.password or ""),
            "use_tls": _mail.scheme == "smtp+tls",
            "use_ssl": _mail.scheme == "smtps",
            "timeout": 15,
        },
    }
}
# How many messages of a batch are on their way to the gateways at once.
MESSAGES_AT_ONCE = env.int("MESSAGES_AT_ONCE", default=100)
# How long a process may have a message before others look after it, and how long an uncertain one waits for a report.
MESSAGE_LEASE_SECONDS = env.int("MESSAGE_LEASE_SECONDS", default=120)
MESSAGE_RESEND_SECONDS = env.int("MESSAGE_RESEND_SECONDS", default=900)
if not 0 < MESSAGE_LEASE_SECONDS < MESSAGE_RESEND_SECONDS:
    raise ImproperlyConfigured("MESSAGE_RESEND_SECONDS must be more than MESSAGE_LEASE_SECONDS.")

# What one message costs us, in paise, and what may be sent: a business in a day, its cost in a month, all in a day.
MESSAGE_COSTS = {
    "whatsapp": env.int("WHATSAPP_PAISE", default=12),
    "sms": env.int("SMS_PAISE", default=25),
    "email": env.int("EMAIL_PAISE", default=2),
}
MESSAGES_PER_DAY = env.int("MESSAGES_PER_DAY", default=20_000)
MESSAGES_PAISE_PER_MONTH = env.int("MESSAGES_PAISE_PER_MONTH", default=20_000_00)
SERVICE_PAISE_PER_DAY = env.int("SERVICE_PAISE_PER_DAY", default=1_00_000_00)

# --- Who is who ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]
LOGIN_URL = "accounts:login"
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=True)
SHARES_PER_DAY = env.int("SHARES_PER_DAY", default=2000)

SESSION_COOKIE_NAME = "sl_m"
PORTAL_SESSION_COOKIE_NAME = "sl_c"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SITE_IS_HTTPS
CSRF_COOKIE_NAME = "sl_csrf"
PORTAL_CSRF_COOKIE_NAME = "sl_csrf_c"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.views.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Safety -------------------------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
# `no-referrer` would make every form of ours fail Django's CSRF check on https.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# SQLite ignores the covering columns of an index that PostgreSQL uses. HSTS is for this host alone: whether the other
# hosts of the domain speak https is not ours to promise.
SILENCED_SYSTEM_CHECKS = ["models.W040", "security.W005", "security.W021"]
if SITE_IS_HTTPS:
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=60 * 60 * 24 * 365)
    SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=True)
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000

# --- Static files -------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
# Otherwise every test client reads all static files when it begins.
WHITENOISE_AUTOREFRESH = DEBUG or TESTING

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"scrub": {"()": "accounts.logs.Scrub"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["scrub"]},
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
