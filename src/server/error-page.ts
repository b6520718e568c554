// A status and what is known of the request → the bytes of Apache's built-in page.
import { reasonOf, statusText } from "./status.js";

/** What a built-in page may mention. */
export interface ErrorPage {
  readonly status: number;
  /** The reason phrase, where it is not the status's own. */
  readonly reason?: string | undefined;
  readonly method: string;
  /** Extra text, escaped HTML. */
  readonly note?: string | undefined;
  /** Location field, unescaped. */
  readonly location?: string | undefined;
  /** Expect field of the request, unescaped. */
  readonly expect?: string | undefined;
  /** Unescaped. */
  readonly serverAdmin: string;
  /** Status that came of serving the ErrorDocument of this one. */
  readonly recursiveStatus?: number | undefined;
  /** The `<address>` line, HTML without line end; undefined: none. */
  readonly signature?: string | undefined;
}

/** The page in latin1; empty for HEAD, whose answer mentions no length either. */
export function errorPage(page: ErrorPage): Buffer {
  if (page.method === "HEAD") return Buffer.alloc(0);
  const heading = page.reason === undefined ? reasonOf(page.status) : escapeHtml(page.reason);
  const title = page.reason === undefined ? statusText(page.status) : `${page.status} ${heading}`;
  const paragraphs = (content[page.status] ?? internalError)(page);
  const recursive =
    page.recursiveStatus === undefined
      ? ""
      : `<p>Additionally, a ${statusText(page.recursiveStatus)}\n` +
        "error was encountered while trying to use an ErrorDocument to handle the request.</p>\n";
  const signature = page.signature === undefined ? "" : `<hr>\n${page.signature}\n`;
  const html =
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n' +
    `<html><head>\n<title>${title}</title>\n</head><body>\n<h1>${heading}</h1>\n` +
    `${paragraphs}${recursive}${signature}</body></html>\n`;
  return Buffer.from(html, "latin1");
}

type Content = (page: ErrorPage) => string;

const moved: Content = ({ location = "" }) =>
  `<p>The document has moved <a href="${escapeHtml(location)}">here</a>.</p>\n`;

const unauthorized: Content = () =>
  "<p>This server could not verify that you\nare authorized to access the document\n" +
  "requested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\n" +
  "browser doesn't understand how to supply\nthe credentials required.</p>\n";

const internalError: Content = ({ serverAdmin, note }) =>
  note !== undefined ? `${note}<p />\n` : brokenServer(serverAdmin);

const brokenServer = (serverAdmin: string): string =>
  "<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n" +
  `<p>Please contact the server administrator at \n ${escapeHtml(serverAdmin)} to inform them of the time this error occurred,\n` +
  " and the actions you performed just before this error.</p>\n" +
  "<p>More information about this error may be available\nin the server error log.</p>\n";

/** Bytes that clients see, so each line end and blank is Apache's. A status that is not here reads as a 500. */
const content: Readonly<Record<number, Content>> = {
  300: ({ note = "" }) => note,
  301: moved,
  302: moved,
  303: ({ location = "" }) =>
    `<p>The answer to your request is located <a href="${escapeHtml(location)}">here</a>.</p>\n`,
  305: () =>
    "<p>This resource is only accessible through the proxy\n<br />\n" +
    "You will need to configure your client to use that proxy.</p>\n",
  307: moved,
  308: moved,
  400: ({ note = "" }) => `<p>Your browser sent a request that this server could not understand.<br />\n${note}</p>\n`,
  401: unauthorized,
  403: ({ note = "" }) => `<p>You don't have permission to access this resource.${note}</p>\n`,
  404: () => "<p>The requested URL was not found on this server.</p>\n",
  405: ({ method }) => `<p>The requested method ${escapeHtml(method)} is not allowed for this URL.</p>\n`,
  406: ({ note = "" }) =>
    `<p>An appropriate representation of the requested resource could not be found on this server.</p>\n${note}`,
  407: unauthorized,
  408: () => "<p>Server timeout waiting for the HTTP request from the client.</p>\n",
  410: () =>
    "<p>The requested resource is no longer available on this server and there is no forwarding address.\n" +
    "Please remove all references to this resource.</p>\n",
  411: ({ method, note = "" }) =>
    `<p>A request of the requested method ${escapeHtml(method)} requires a valid Content-length.<br />\n${note}</p>\n`,
  412: () => "<p>The precondition on the request for this URL evaluated to false.</p>\n",
  413: ({ method }) =>
    `The requested resource does not allow request data with ${escapeHtml(method)} requests, or the amount of data` +
    " provided in\nthe request exceeds the capacity limit.\n",
  414: ({ note = "" }) =>
    `<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n${note}</p>\n`,
  415: () => "<p>The supplied request data is not in a format\nacceptable for processing by this resource.</p>\n",
  416: () =>
    "<p>None of the range-specifier values in the Range\nrequest-header field overlap the current extent\n" +
    "of the selected resource.</p>\n",
  417: ({ expect }) =>
    (expect === undefined
      ? "<p>No expectation was seen, the Expect request-header \nfield was not presented by the client.\n"
      : "<p>The expectation given in the Expect request-header\nfield could not be met by this server.\n" +
        `The client sent<pre>\n    Expect: ${escapeHtml(expect)}\n</pre>\n`) +
    "</p><p>Only the 100-continue expectation is supported.</p>\n",
  421: () =>
    "<p>The client needs a new connection for this\nrequest as the requested host name does not match\n" +
    "the Server Name Indication (SNI) in use for this\nconnection.</p>\n",
  422: () =>
    "<p>The server understands the media type of the\nrequest entity, but was unable to process the\n" +
    "contained instructions.</p>\n",
  423: () =>
    "<p>The requested resource is currently locked.\nThe lock must be released or proper identification\n" +
    "given before the method can be applied.</p>\n",
  424: () =>
    "<p>The method could not be performed on the resource\nbecause the requested action depended on another\n" +
    "action and that other action failed.</p>\n",
  426: () =>
    "<p>The requested resource can only be retrieved\nusing SSL.  The server is willing to upgrade the current\n" +
    "connection to SSL, but your client doesn't support it.\n" +
    "Either upgrade your client, or try requesting the page\nusing https://\n",
  428: () => "<p>The request is required to be conditional.</p>\n",
  429: () => "<p>The user has sent too many requests\nin a given amount of time.</p>\n",
  431: () => "<p>The server refused this request because\nthe request header fields are too large.</p>\n",
  451: ({ note = "" }) => `<p>Access to this URL has been denied for legal reasons.<br />\n${note}</p>\n`,
  501: ({ method, note = "" }) => `<p>${escapeHtml(method)} not supported for current URL.<br />\n${note}</p>\n`,
  502: ({ note = "" }) =>
    `<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n${note}</p>\n`,
  503: ({ note }) =>
    note ??
    "<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\n" +
      "problems. Please try again later.</p>\n",
  504: () => "<p>The gateway did not receive a timely response\nfrom the upstream server or application.</p>\n",
  506: () =>
    "<p>A variant for the requested resource\n<pre>\n\n</pre>\n" +
    "is itself a negotiable resource. This indicates a configuration error.</p>\n",
  507: () =>
    "<p>The method could not be performed on the resource\nbecause the server is unable to store the\n" +
    "representation needed to successfully complete the\nrequest.  There is insufficient free space left in\n" +
    "your storage allocation.</p>\n",
  508: () => "<p>The server terminated an operation because\nit encountered an infinite loop.</p>\n",
  510: () => "<p>A mandatory extension policy in the request is not\naccepted by the server for this resource.</p>\n",
  511: () => "<p>The client needs to authenticate to gain\nnetwork access.</p>\n",
};

function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
