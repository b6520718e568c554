// A line of the configuration → the same without what only the server is to know.

const hidden = "(not shown)";

/** Directives all of whose words are secret. */
const secretDirectives = /passwo?r?d|passphrase$|secret|^dbdparams$|^authbasicfake$|^mdexternalaccountbinding$/i;
/** Directives that give a name a value, and the names whose values are secret. */
const namedValues = /^(?:setenv|header|requestheader|define|cgivar)$/i;
const secretName = /pass|pwd|secret|token|credential|authorization|private|api[-_]?key|[-_]key\b/i;

/** Parameters wherever they stand: password=..., secret=... */
const parameters =
  /\b((?:[\w-]*(?:passwo?r?d|passphrase|secret|token|api[-_]?key)|pass|pwd)=)("[^"]*"|'[^']*'|[^\s"';&]+)/gi;
/** scheme://user:password@host */
const userinfo = /(:\/\/[^\s/@:"']*:)[^\s/@"']+@/g;

/** The text of a directive with passwords, passphrases, keys and the like taken out. */
export function withoutSecrets(name: string, text: string): string {
  if (secretDirectives.test(name)) return hidden;
  const named = namedValues.test(name) ? withoutValue(text) : text;
  return named.replace(parameters, `$1${hidden}`).replace(userinfo, `$1${hidden}@`);
}

/** "DB_PASSWORD value", "always set X-Token value": what stands behind one of the first words that names a secret. */
function withoutValue(text: string): string {
  const words = /^(?:"[^"]*"|\S+)(?:\s+(?:"[^"]*"|\S+)){0,2}/.exec(text)?.[0].matchAll(/"[^"]*"|\S+/g) ?? [];
  for (const { 0: word, index } of words) {
    const end = index + word.length;
    if (secretName.test(word) && text.slice(end).trim() !== "") return `${text.slice(0, end)} ${hidden}`;
  }
  return text;
}
