// The methods core knows by name.

const registered = new Set(
  (
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL " +
    "CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE"
  ).split(" "),
);

/** Whether Apache knows the method without RegisterHttpMethod; names are case-sensitive. */
export function isRegistered(method: string): boolean {
  return registered.has(method);
}
