// Managed domains → certificates by ACME, got, renewed and used without anybody's help.
import { readFileSync } from "node:fs";
import { defineModule, type StatusSection, type WorkerView } from "../../api/index.js";
import { answerEarly, answerStatus, serveAnswers, showStatus } from "./answers.js";
import { certificates, challenges, startActive } from "./active.js";
import { factsOf } from "./certificates.js";
import { domainDirectives } from "./domain-directives.js";
import { checkDomains } from "./check.js";
import { managedDomains } from "./domains.js";
import { Keeper } from "./keeper.js";
import { needsStore, prepareStore, storePath } from "./prepare.js";
import { serverDirectives } from "./server-directives.js";
import { md } from "./settings.js";
import { tableOf } from "./shared.js";
import { Store } from "./store.js";

/** Reads what only root may, and gives what is done without root. */
function keep(view: WorkerView): () => void {
  const { server } = view;
  const domains = managedDomains(server);
  const store = Store.open(storePath(server, domains));
  const table = tableOf(view);
  if (!store || !table) return () => undefined;
  const inUse = new Map(
    domains.all.map(({ name, keys, certificateFiles }) => {
      const texts =
        certificateFiles.length > 0
          ? certificateFiles.map(({ path }) => readFileSync(path, "utf8"))
          : store.credentials("domains", name, keys).map(({ certificate }) => certificate);
      return [name, texts.map(factsOf).filter((each) => each !== undefined)];
    }),
  );
  const { authorityCertificates, proxy } = domains.settings;
  const trusted = authorityCertificates && readFileSync(authorityCertificates.path, "utf8");
  const route = { trusted, proxy, signal: new AbortController().signal };
  const keeper = new Keeper({ view, domains, store, table, inUse, route });
  return () => keeper.begin();
}

export default defineModule({
  name: "mod_md",
  summary: "Gets certificates from an authority by ACME, and renews them",
  settings: md.settings,
  directives: (directive) => ({ ...domainDirectives(directive), ...serverDirectives(directive) }),
  hooks: {
    postReadRequest: { run: answerEarly },
    handler: { run: answerStatus },
  },
  lifecycle: {
    check: checkDomains,
    prepare: prepareStore,
    keeps: (server) => needsStore(server),
    keep,
    start(worker) {
      serveAnswers(worker.server);
      startActive(worker);
    },
  },
  provides: {
    certificates: { md: certificates },
    tlsChallenges: { md: challenges },
    statusSection: { md: showStatus satisfies StatusSection },
  },
});
