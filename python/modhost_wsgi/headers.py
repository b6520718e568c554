"""Status and headers of start_response -> the payload of an R frame, checked as PEP 3333 and mod_wsgi demand."""
import re

_status = re.compile(r"[2-9]\d\d [^\x00-\x1f\x7f]*", re.ASCII).fullmatch
_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_digits = re.compile(r"[0-9]{1,18}").fullmatch

# What has passed the check: status lines, and names with whether they are Content-Length. Bounded.
_good_statuses = set()
_good_names = {}
_MOST = 1024


def response_head(status, headers):
    """(payload of the R frame, Content-Length or None). Raises TypeError or ValueError."""
    if status not in _good_statuses:
        _check_status(status)
    if type(headers) is not list:
        raise TypeError("start_response() argument 2 must be list, not %s" % type(headers).__name__)
    parts = [status]
    length = None
    for item in headers:
        if type(item) is not tuple or len(item) != 2:
            raise TypeError("list of tuple values expected, value of type %s found" % type(item).__name__)
        name, value = item
        is_length = _good_names.get(name) if type(name) is str else None
        if is_length is None:
            is_length = _check_name(name)
        if not isinstance(value, str):
            raise TypeError("expected str object for header value, value of type %s found" % type(value).__name__)
        if is_length:
            length = _content_length(value)
        parts.append(name)
        parts.append(value)
    if not "".join(parts).isprintable():
        for value in parts[2::2]:
            if _control(value):
                raise ValueError("carriage return/line feed character present in header value" if "\n" in value or "\r" in value
                                 else "control character present in header value")
    try:
        return "\n".join(parts).encode("latin-1"), length
    except UnicodeEncodeError:
        raise ValueError("status and headers must be encodable as ISO-8859-1") from None


def _check_status(status):
    if not isinstance(status, str):
        raise TypeError("expected str object for status, value of type %s found" % type(status).__name__)
    if not status[:3].isdigit():
        raise ValueError("status code is not a 3 digit integer")
    if not _status(status):
        raise ValueError("status line %r is not a status code from 200 to 999, a space and a reason" % status)
    if len(_good_statuses) >= _MOST:
        _good_statuses.clear()
    _good_statuses.add(status)


def _check_name(name):
    if not isinstance(name, str):
        raise TypeError("expected str object for header name, value of type %s found" % type(name).__name__)
    if not _name(name):
        if " " in name:
            raise ValueError("space character present in header name")
        raise ValueError("header name %r is empty or has a character that no name may have" % name)
    lower = name.lower()
    # PEP 3333 forbids all fields of the connection; as mod_wsgi we let pass those that do no harm.
    if lower == "transfer-encoding":
        raise ValueError("header '%s' belongs to the connection, which is the server's" % name)
    if len(_good_names) >= _MOST:
        _good_names.clear()
    is_length = lower == "content-length"
    _good_names[str(name)] = is_length
    return is_length


def _content_length(value):
    if not _digits(value.strip(" \t")):
        raise ValueError("invalid content length")
    return int(value)
