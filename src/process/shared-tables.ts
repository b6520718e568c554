// Changes of one worker's tables → the supervisor → the tables of all other workers.
import { SharedTable, type SharedChange } from "../api/index.js";

/** A change and its table. */
export interface TableChange extends SharedChange {
  readonly table: string;
}

/** Milliseconds in which changes are gathered before they are sent. */
const gatherTime = 20;
/** Records of all tables together. */
const mostRecords = 20_000;

/** The tables of one worker. */
export class WorkerTables {
  readonly #tables = new Map<string, SharedTable>();
  readonly #send: (changes: readonly TableChange[]) => void;
  #gathered: TableChange[] = [];

  constructor(send: (changes: readonly TableChange[]) => void) {
    this.#send = send;
  }

  table(name: string): SharedTable {
    let table = this.#tables.get(name);
    if (!table) {
      table = new SharedTable((change) => this.#gather({ ...change, table: name }));
      this.#tables.set(name, table);
    }
    return table;
  }

  /** Takes what others have changed. */
  heard(changes: readonly TableChange[]): void {
    for (const { table, ...change } of changes) this.table(table).apply(change);
  }

  #gather(change: TableChange): void {
    const last = this.#gathered.at(-1);
    // Counters change with each request: one message says it all.
    if (last && last.table === change.table && last.key === change.key && !last.set && !change.set) {
      const add = summed(last.add, change.add);
      const held = summed(last.held, change.held);
      this.#gathered[this.#gathered.length - 1] = { table: change.table, key: change.key, add, held };
    } else this.#gathered.push(change);
    if (last) return;
    setTimeout(() => this.#flush(), gatherTime).unref();
  }

  /** Resolves when all workers have heard what was changed here: the supervisor tells them before it asks them. */
  settledBy(reports: { askAnew(): Promise<unknown> }): () => Promise<void> {
    return async () => {
      this.#flush();
      await reports.askAnew();
    };
  }

  #flush(): void {
    const changes = this.#gathered;
    this.#gathered = [];
    if (changes.length > 0) this.#send(changes);
  }
}

function summed(
  first: Readonly<Record<string, number>> = {},
  second: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const sum: Record<string, number> = { ...first };
  for (const [name, value] of Object.entries(second)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** All tables, as the supervisor keeps them. */
export class SupervisorTables {
  readonly #tables = new Map<string, SharedTable>();
  /** What each worker has under way, by table and key. */
  readonly #held = new Map<object, Map<string, TableChange>>();
  #records = 0;

  /** Takes the changes of a worker; gives those that the others should hear of. */
  take(worker: object, changes: readonly TableChange[]): readonly TableChange[] {
    return changes.filter((change) => {
      if (!this.#apply(change)) return false;
      if (change.held) this.#hold(worker, change, change.held);
      return true;
    });
  }

  /** A worker has ended: gives the changes that take back what it had under way. */
  ended(worker: object): readonly TableChange[] {
    const changes = [...(this.#held.get(worker)?.values() ?? [])].map(({ table, key, held }) => {
      const add = Object.fromEntries(Object.entries(held ?? {}).map(([name, value]) => [name, -value]));
      return { table, key, add };
    });
    this.#held.delete(worker);
    for (const change of changes) this.#apply(change);
    return changes;
  }

  /** Everything, for a worker that begins. */
  all(): readonly TableChange[] {
    return [...this.#tables].flatMap(([table, records]) => [...records].map(([key, set]) => ({ table, key, set })));
  }

  /** Forgets the tables of a configuration that is not served any more. */
  forget(ending: string): void {
    for (const [name, table] of this.#tables) {
      if (!name.endsWith(ending)) continue;
      this.#records -= [...table].length;
      this.#tables.delete(name);
    }
  }

  #apply({ table: name, ...change }: TableChange): boolean {
    const table = this.#tables.get(name) ?? new SharedTable();
    if (!table.get(change.key)) {
      if (this.#records >= mostRecords) return false;
      this.#records++;
    }
    this.#tables.set(name, table);
    table.apply(change);
    return true;
  }

  #hold(worker: object, { table, key }: TableChange, held: Readonly<Record<string, number>>): void {
    const mine = this.#held.get(worker) ?? new Map<string, TableChange>();
    this.#held.set(worker, mine);
    const name = JSON.stringify([table, key]);
    mine.set(name, { table, key, held: summed(mine.get(name)?.held, held) });
  }
}
