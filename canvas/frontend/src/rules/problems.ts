// What keeps a document from running: what the server said, as far as it still holds, and what the form sees at once.
import type { Blocks, Doc, Problem } from "../types";
import { checkField, isShown, sameValue } from "./checks";

/** Complaints about parameters that need no server. */
export function ownProblems(doc: Doc, blocks: Blocks): Problem[] {
  return doc.nodes.flatMap((node) => {
    const fields = blocks.byId.get(node.block)?.fields ?? [];
    const valueOf = (name: string) => node.params[name] ?? fields.find((field) => field.name === name)?.default;
    return fields.flatMap((field) => {
      if (!isShown(field, valueOf)) return [];
      const message = checkField(field, node.params[field.name]);
      return message ? [{ node: node.id, field: field.name, message }] : [];
    });
  });
}

/** The server's problems with `checked` that still apply to `doc`. */
export function stillHolding(problems: Problem[], checked: Doc | null, doc: Doc): Problem[] {
  if (checked === doc || !problems.length) return problems;
  return problems.filter(({ node: id, field }) => {
    const [now, then] = [doc, checked].map((d) => d?.nodes.find((node) => node.id === id));
    if (!id) return doc.nodes === checked?.nodes && doc.wires === checked.wires;
    if (!now) return false;
    if (field === null || !then) return true;
    if (wiresInto(doc, id, field) !== wiresInto(checked, id, field)) return false;
    return sameValue(now.params[field], then.params[field]);
  });
}

function wiresInto(doc: Doc | null, id: string, port: string): number {
  return (doc?.wires ?? []).filter((wire) => wire.to[0] === id && wire.to[1] === port).length;
}

/** All problems, the form's own first, without saying a thing twice. */
export function merge(own: Problem[], server: Problem[]): Problem[] {
  const place = (p: Problem) => `${p.node} ${p.field}`;
  const said = new Set(own.map(place));
  const texts = new Set<string>();
  return [...own, ...server.filter((p) => p.field === null || !said.has(place(p)))].filter((p) => {
    const text = `${p.node} ${p.message}`;
    return !texts.has(text) && Boolean(texts.add(text));
  });
}
