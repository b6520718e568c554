// Directives that act while files are read; config/ does what they say, these records document them.
import { arg, optional, section, type Place } from "../../api/index.js";
import { everywhere, hostsAndDirectories, type CoreMaker } from "./contexts.js";

const never = (_values: unknown, place: Place): never => place.fail("acts only while files are read");

export const onReadDirectives = (directive: CoreMaker) => ({
  Define: directive({
    args: [arg.word("name"), optional(arg.word("value"))],
    contexts: hostsAndDirectories,
    onRead: true,
    summary: "Defines a name, for `<IfDefine>`, and a value, for `${name}`.",
    doc: "It holds from its line on, wherever it stands. `-D name` on the command line defines a name too.",
    example: "Define site www.example.org\nServerName ${site}",
    set: () => undefined,
  }),

  UnDefine: directive({
    args: [arg.word("name")],
    contexts: hostsAndDirectories,
    onRead: true,
    summary: "Takes a Define, or a `-D name`, back.",
    doc: "Names that are not defined are passed over.",
    example: "Define test\nUnDefine test",
    set: () => undefined,
  }),

  Include: directive({
    args: [arg.word("path")],
    contexts: hostsAndDirectories,
    onRead: true,
    summary: "Reads other files in place of the line.",
    doc: "A file, a directory with all that is in it, or a path with wildcards; one that matches nothing is an error.",
    example: "Include sites/*.conf",
    set: () => undefined,
  }),

  IncludeOptional: directive({
    args: [arg.word("path")],
    contexts: hostsAndDirectories,
    onRead: true,
    summary: "Reads other files, if there are any, in place of the line.",
    doc: "As `Include`, without an error when nothing matches.",
    example: "IncludeOptional sites-enabled/*.conf",
    set: () => undefined,
  }),

  ServerRoot: directive({
    args: [arg.word("directory-path")],
    contexts: hostsAndDirectories,
    onRead: true,
    summary: "The directory relative paths are taken from.",
    doc: "`-d` on the command line says the same.",
    example: "ServerRoot /etc/apache2",
    set: () => undefined,
  }),

  "<IfModule>": section({
    args: [arg.word("module")],
    contexts: everywhere,
    override: "All",
    onRead: true,
    summary: "Holds lines that are read only if a module is loaded (`!`: is not).",
    doc: "The name is that of the source file, `mod_alias.c`, or that of LoadModule, `alias_module`.",
    example: "<IfModule mod_dir.c>\n  DirectoryIndex index.html\n</IfModule>",
    opens: never,
  }),

  "<IfDefine>": section({
    args: [arg.word("name")],
    contexts: everywhere,
    override: "All",
    onRead: true,
    summary: "Holds lines that are read only if a name is defined (`!`: is not).",
    doc: "By `Define`, or by `-D` on the command line.",
    example: "<IfDefine !Quiet>\n  LogLevel info\n</IfDefine>",
    opens: never,
  }),

  "<IfFile>": section({
    args: [arg.word("path")],
    contexts: everywhere,
    override: "All",
    onRead: true,
    summary: "Holds lines that are read only if a file or directory exists (`!`: does not).",
    doc: "A relative path is taken from ServerRoot.",
    example: '<IfFile "/etc/hosts">\n  LogLevel info\n</IfFile>',
    opens: never,
  }),

  "<IfDirective>": section({
    args: [arg.word("directive")],
    contexts: everywhere,
    override: "All",
    onRead: true,
    summary: "Holds lines that are read only if a loaded module has a directive (`!`: has not).",
    doc: "In any case of letters.",
    example: "<IfDirective DirectoryIndex>\n  DirectoryIndex index.html\n</IfDirective>",
    opens: never,
  }),

  "<IfSection>": section({
    args: [arg.word("section")],
    contexts: everywhere,
    override: "All",
    onRead: true,
    summary: "Holds lines that are read only if a loaded module has a section (`!`: has not).",
    doc: "The name is written without its bracket.",
    example: "<IfSection VirtualHost>\n  LogLevel info\n</IfSection>",
    opens: never,
  }),
});
