// Lines of the configuration → HTML: each with its number, under the name of its file, sections around them.
import { escapeHtml, type ConfigurationLine } from "../../api/index.js";
import { withoutSecrets } from "./secrets.js";

/** All lines, or those that are wanted with the sections around them. */
export function linesOf(nodes: readonly ConfigurationLine[], wants: (line: ConfigurationLine) => boolean = () => true) {
  const printer = new Printer(wants);
  printer.print(nodes, []);
  return printer.html;
}

class Printer {
  html = "";
  readonly #wants: (line: ConfigurationLine) => boolean;
  #file = "";
  /** Sections whose opening line has been shown. */
  #open: readonly ConfigurationLine[] = [];

  constructor(wants: (line: ConfigurationLine) => boolean) {
    this.#wants = wants;
  }

  print(nodes: readonly ConfigurationLine[], around: readonly ConfigurationLine[]): void {
    for (const node of nodes) {
      const { name, text, children = [] } = node;
      if (children.length > 0) {
        this.print(children, [...around, node]);
        if (this.#open.includes(node)) this.#close(node, around);
      } else if (this.#wants(node) && name.toLowerCase() !== "defaultruntimedir") {
        this.#openAll(around);
        const shown = withoutSecrets(name, text);
        const isSection = node.children !== undefined;
        const written = isSection ? `${text}>` : shown;
        this.#line(node, around.length, `${escapeHtml(isSection ? `<${name}` : name)} <i>${escapeHtml(written)}</i>`);
      }
    }
  }

  #openAll(sections: readonly ConfigurationLine[]): void {
    sections.forEach((section, depth) => {
      if (this.#open.includes(section)) return;
      this.#line(section, depth, escapeHtml(`<${section.name} ${withoutSecrets(section.name, section.text)}>`));
    });
    this.#open = sections;
  }

  #close(section: ConfigurationLine, around: readonly ConfigurationLine[]): void {
    this.html += `${this.#start(section, around.length, 0)}&lt;/${escapeHtml(section.name)}&gt;</tt></dd>`;
    this.#open = around;
  }

  #line(line: ConfigurationLine, depth: number, html: string): void {
    // A continued line is known by its last one.
    const number = line.pieces?.at(-1)?.line ?? line.origin.line;
    this.html += `${this.#start(line, depth, number)}${html}</tt></dd>\n`;
  }

  #start({ origin: { file } }: ConfigurationLine, depth: number, number: number): string {
    const isNew = this.#file !== file;
    this.#file = file;
    const where = isNew ? `<dd><tt><strong>In file: ${escapeHtml(file)}</strong></tt></dd>\n` : "";
    const shown = (number === 0 ? "" : String(number)).padStart(4, " ").replaceAll(" ", "&nbsp;");
    return `${where}<dd><tt>${shown}:&nbsp;${"&nbsp;&nbsp;".repeat(depth)}`;
  }
}
