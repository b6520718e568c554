// A status code → its reason phrase and status line, as Apache words them.

const reasons: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  102: "Processing",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Request Entity Too Large",
  414: "Request-URI Too Long",
  415: "Unsupported Media Type",
  416: "Requested Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  422: "Unprocessable Entity",
  423: "Locked",
  424: "Failed Dependency",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  510: "Not Extended",
  511: "Network Authentication Required",
};

/** The code and reason phrase of a status, "404 Not Found". A status Apache has no phrase for reads as 500, as there. */
export function statusText(status: number): string {
  const reason = reasons[status];
  return reason === undefined ? "500 Internal Server Error" : `${status} ${reason}`;
}

/** The reason phrase of a status. */
export function reasonOf(status: number): string {
  return reasons[status] ?? "Internal Server Error";
}

/** Statuses after which the connection closes, whatever the client asked for. */
export function dropsConnection(status: number): boolean {
  return status >= 400 && dropping.has(status);
}

const dropping: ReadonlySet<number> = new Set([400, 408, 411, 413, 414, 500, 501, 503]);

/** Whether Apache has a phrase for a status. */
export function hasReason(status: number): boolean {
  return status in reasons;
}
