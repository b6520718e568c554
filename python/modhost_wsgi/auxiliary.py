"""Questions to scripts that are no applications (access, password, groups, dispatch) -> R frames that hold the answers."""
import json
import threading

from modhost_wsgi.connection import frame


def answer(role, namespace, environ, variable):
    """Asks the script. What it raises, this raises, and so does it for an answer of another type: no answer is a refusal.

    `variable` gives the value of a variable of the request by its name in bytes.
    """
    words = []
    while "modhost.word.%d" % len(words) in environ:
        words.append(environ.pop("modhost.word.%d" % len(words)))
    is_https = environ.get("wsgi.url_scheme") == "https"
    for name in [name for name in environ if name.startswith("wsgi.") and name != "wsgi.errors"]:
        del environ[name]
    environ.pop("mod_wsgi.thread_id", None)
    lookup = _Lookup(variable)
    if role != "dispatch":
        environ["mod_ssl.is_https"] = lambda *_: is_https
        environ["mod_ssl.var_lookup"] = lookup
    elif is_https:
        environ["HTTPS"] = "1"
    try:
        value = _roles[role](namespace, environ, words)
    finally:
        lookup.expire()
    return frame(b"R", b"200 OK\nanswer\n" + json.dumps(value).encode("ascii"))


class _Lookup:
    """mod_ssl.var_lookup(name): a variable of the request, "" where there is none of that name. As long as the question lasts."""

    def __init__(self, variable):
        self._variable = variable
        # The script may ask from threads of its own.
        self._lock = threading.Lock()

    def __call__(self, name):
        if isinstance(name, str):
            try:
                name = name.encode("latin-1")
            except UnicodeEncodeError:
                raise TypeError("byte string value expected, value containing non 'latin-1' characters found") from None
        elif not isinstance(name, bytes):
            raise TypeError("byte string value expected, value of type %s found" % type(name).__name__)
        with self._lock:
            if self._variable is None:
                raise RuntimeError("request object has expired")
            return self._variable(name)

    def expire(self):
        with self._lock:
            self._variable = None


def _function(namespace, name):
    function = namespace.get(name)
    if function is None:
        raise LookupError("the script has no function %s()" % name)
    return function


def _access(namespace, environ, words):
    value = _function(namespace, "allow_access")(environ, *words)
    if value is not None and not isinstance(value, bool):
        raise TypeError("allow_access() must return True, False or None, not %s" % type(value).__name__)
    return value


def _password(namespace, environ, words):
    value = _function(namespace, "check_password")(environ, *words)
    if isinstance(value, str):
        _latin1(value)
        if value:
            return value
        raise ValueError("check_password() must not return an empty name")
    if value is not None and not isinstance(value, bool):
        raise TypeError("check_password() must return True, False, None or a name, not %s" % type(value).__name__)
    return value


def _realm(namespace, environ, words):
    value = _function(namespace, "get_realm_hash")(environ, *words)
    if value is not None and not (isinstance(value, str) and value):
        raise TypeError("get_realm_hash() must return a hash or None, not %r" % (value,))
    return value


def _groups(namespace, environ, words):
    # All of them or none: a list that breaks off is no answer.
    groups = []
    for group in _function(namespace, "groups_for_user")(environ, *words):
        if isinstance(group, bytes):
            group = group.decode("latin-1")
        if not isinstance(group, str):
            raise TypeError("groups_for_user() must return names of groups, not %s" % type(group).__name__)
        groups.append(_latin1(group))
    return groups


def _dispatch(namespace, environ, _words):
    values = {}
    for name in ("process_group", "application_group", "callable_object"):
        function = namespace.get(name)
        value = None if function is None else function(environ)
        if value is None:
            continue
        if not isinstance(value, str):
            raise TypeError("%s() must return a name or None, not %s" % (name, type(value).__name__))
        values[name] = _latin1(value)
    return values


def _latin1(text):
    text.encode("latin-1")
    return text


_roles = {"access": _access, "password": _password, "realm": _realm, "groups": _groups, "dispatch": _dispatch}
