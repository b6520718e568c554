// A WSGI application that answers as its request says, and counts: what a cache asks of it, and how often.

/**
 * `X-Say: Name=value|Name=value` are fields of the answer, `X-Status` its status; the body is the number of requests for the
 * path so far, with the conditions that came, and `X-Body` behind it. A condition that names the ETag it says is answered with 304.
 */
export const cachingApplication = `
counts = {}

def application(environ, start_response):
    path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
    counts[path] = counts.get(path, 0) + 1
    while environ["wsgi.input"].read(8192):
        pass
    said = environ.get("HTTP_X_SAY", "")
    headers = [tuple(each.split("=", 1)) for each in said.split("|") if each]
    if not any(name == "Content-Type" for name, _ in headers):
        headers.append(("Content-Type", "text/plain"))
    conditions = [environ.get("HTTP_" + name, "-") for name in ("IF_NONE_MATCH", "IF_MODIFIED_SINCE", "IF_MATCH", "RANGE")]
    tag = dict(headers).get("ETag")
    status = environ.get("HTTP_X_STATUS", "200 OK")
    if tag is not None and environ.get("HTTP_IF_NONE_MATCH") == tag and status == "200 OK":
        start_response("304 Not Modified", [each for each in headers if each[0] != "Content-Type"])
        return []
    body = "%d %s %s %s" % (counts[path], environ["REQUEST_METHOD"], " ".join(conditions), environ.get("HTTP_X_BODY", ""))
    body = body.encode("latin-1")
    if environ.get("HTTP_X_SIZED"):
        headers.append(("Content-Length", str(len(body))))
    start_response(status, headers)
    return [body]
`;
