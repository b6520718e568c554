// SuexecUserGroup lines → refused, unless they name whom the server serves as anyway.
import { arg, defineModule, processes, value } from "../../api/index.js";

const settings = {
  /** User and group. */
  account: value<readonly [string, string] | undefined>(undefined),
};

export default defineModule({
  name: "mod_suexec",
  summary: "Says as whom CGI programs run; here always as the user of the server.",
  settings,
  directives: (directive) => ({
    SuexecUserGroup: directive({
      args: [arg.word("user"), arg.word("group")],
      contexts: ["server config", "virtual host"],
      summary: "The user and the group that CGI programs run as.",
      doc:
        "Accepted where they are those of `User` and `Group`, which all programs run as. Others are refused: changing the user " +
        "for each program needs a program of Apache's, suexec, that is owned by root. Run what needs a user of its own as a daemon " +
        "group, or behind a proxy.",
      example: "User www-data\nGroup www-data\nSuexecUserGroup www-data www-data",
      set: (account) => ({ account }),
    }),
  }),
  lifecycle: {
    check(server) {
      const [main] = server.virtualHosts;
      if (!main) return;
      const { user, group } = server.settings({ module: "mod_unixd", settings: processes.settings }, main);
      for (const { settings: set, origin } of server.everywhere({ module: "mod_suexec", settings })) {
        const { account } = set;
        if (!account || (account[0] === user && account[1] === group)) continue;
        server.error(
          `SuexecUserGroup: programs run as the user of the server (${user ?? "none is set"}), found "${account.join(" ")}": ` +
            "there is no suexec here; give the program a daemon group with that user, or a server of its own behind a proxy",
          origin("account"),
        );
      }
    },
  },
});
