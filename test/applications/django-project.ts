// A small Django project, file by file: one app with a form, a model, downloads and a page that fails.

const settings = `
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "not a secret: it lives for one test"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "guestbook",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [],
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
WSGI_APPLICATION = "shop.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "data" / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR"}},
}
`;

const urls = `
from django.contrib import admin
from django.urls import path
from guestbook import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", views.index, name="index"),
    path("entries/<int:number>/", views.entry, name="entry"),
    path("process/", views.process),
    path("stream/", views.stream),
    path("download/", views.download),
    path("upload/", views.upload),
    path("fails/", views.fails),
]
`;

const wsgi = `
import os
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
`;

const models = `
from django.db import models

class Entry(models.Model):
    name = models.CharField(max_length=20)
    text = models.TextField()

    def __str__(self):
        return self.name
`;

const views = `
import os
from django import forms
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from guestbook.models import Entry

class EntryForm(forms.ModelForm):
    class Meta:
        model = Entry
        fields = ["name", "text"]

def index(request):
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        request.session["entries"] = request.session.get("entries", 0) + 1
        return redirect("entry", form.save().pk)
    entries = Entry.objects.order_by("pk")
    return render(request, "guestbook/index.html", {"form": form, "entries": entries})

def entry(request, number):
    return render(request, "guestbook/entry.html", {"entry": get_object_or_404(Entry, pk=number)})

def process(request):
    return HttpResponse(str(os.getpid()), content_type="text/plain")

def stream(request):
    return StreamingHttpResponse(("line %d\\n" % number for number in range(1000)), content_type="text/plain")

def download(request):
    return FileResponse(open(__file__, "rb"), as_attachment=True, filename="views.py")

@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"name": file.name, "size": file.size, "start": file.read(5).decode()})

def fails(request):
    raise RuntimeError("the view fails on purpose")
`;

const index = `<!doctype html>
<title>Guestbook</title>
<ul>{% for entry in entries %}<li><a href="{% url 'entry' entry.pk %}">{{ entry.name }}</a></li>{% endfor %}</ul>
<p>{{ request.session.entries|default:"no" }} entries of yours</p>
<form method="post">{% csrf_token %}{{ form.as_p }}<button>Sign</button></form>
`;

const prepare = `
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
import django
django.setup()
from django.core.management import call_command
call_command("makemigrations", "guestbook", verbosity=0)
call_command("migrate", verbosity=0)
call_command("createsuperuser", interactive=False, username="ada", email="ada@example.test", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
`;

/** The project's files, to be written below one folder. prepare.py migrates, makes the superuser ada, and collects static files. */
export const djangoProject: Readonly<Record<string, string>> = {
  "prepare.py": prepare,
  "shop/__init__.py": "",
  "shop/settings.py": settings,
  "shop/urls.py": urls,
  "shop/wsgi.py": wsgi,
  "guestbook/__init__.py": "",
  "guestbook/models.py": models,
  "guestbook/views.py": views,
  "guestbook/admin.py":
    "from django.contrib import admin\nfrom guestbook.models import Entry\nadmin.site.register(Entry)\n",
  "guestbook/migrations/__init__.py": "",
  "guestbook/templates/guestbook/index.html": index,
  "guestbook/templates/guestbook/entry.html": "<h1>{{ entry.name }}</h1><p>{{ entry.text }}</p>\n",
};
