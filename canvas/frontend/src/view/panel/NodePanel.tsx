// Settings of one block: its name, its parameters, and what it does.
import { type CSSProperties, type ReactNode, useCallback, useMemo, useState } from "react";
import { isShown } from "../../rules/checks";
import { rename, setParam } from "../../rules/edits";
import { groupTitle } from "../../rules/search";
import { kindTitle } from "../../rules/wires";
import type { BlockSpec, DocNode, FieldSpec } from "../../types";
import { useActions } from "../actions";
import { useDoc, useSession } from "../context";
import { Field } from "../fields/Field";
import { groupColour, Icon } from "../icons";
import { useProblemsOf } from "../useProblems";

export function NodePanel({ id }: { id: string }) {
  const session = useSession();
  const node = useDoc((editor) => editor.node(id));
  const spec = session.blocks.byId.get(node?.block ?? "");
  if (!node) return null;
  return (
    <div className="panel-body">
      <Head node={node} spec={spec} />
      <PortProblems id={id} spec={spec} />
      {spec ? <Fields node={node} spec={spec} /> : <p>The block “{node.block}” is not installed here. It stays as it is.</p>}
      {spec && <About spec={spec} />}
    </div>
  );
}

function Head({ node, spec }: { node: DocNode; spec: BlockSpec | undefined }) {
  const { editor } = useSession();
  const actions = useActions();
  return (
    <header className="panel-head" style={{ "--group": groupColour(spec?.group ?? "") } as CSSProperties}>
      <span className="tile"><Icon name={spec?.group ?? "other"} size={16} /></span>
      <span className="panel-names">
        <input
          className="node-name" aria-label="Name of this block" data-testid="node-name" maxLength={80}
          value={node.title ?? ""} placeholder={spec?.title ?? node.block} onBlur={() => editor.settle()}
          onChange={(event) => editor.edit((doc) => rename(doc, node.id, event.target.value), { merge: `title ${node.id}` })}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
        <span className="quiet">
          {spec ? `${groupTitle(spec.group)} · ${spec.title}` : node.block} · <code title="Name of this block in files and commands">{node.id}</code>
        </span>
      </span>
      <button type="button" className="icon-button" aria-label="Duplicate this block" title="Duplicate (Ctrl+D)" onClick={actions.duplicate}>
        <Icon name="copy" size={14} />
      </button>
    </header>
  );
}

/** Problems of the block that belong to no parameter, such as an input without a wire. */
function PortProblems({ id, spec }: { id: string; spec: BlockSpec | undefined }) {
  const problems = useProblemsOf(id).filter((p) => !spec?.fields.some((field) => field.name === p.field));
  if (!problems.length) return null;
  return (
    <div className="notice bad">
      {problems.map((problem) => <p key={problem.message}>{problem.message}</p>)}
    </div>
  );
}

function Fields({ node, spec }: { node: DocNode; spec: BlockSpec }) {
  const { editor } = useSession();
  const problems = useProblemsOf(node.id);
  const valueOf = (name: string) => node.params[name] ?? spec.fields.find((field) => field.name === name)?.default;
  const shown = spec.fields.filter((field) => isShown(field, valueOf));
  const set = useCallback(
    (name: string, value: unknown) =>
      void editor.edit((doc) => setParam(doc, node.id, name, value), { merge: `param ${node.id} ${name}` }),
    [editor, node.id],
  );
  const draw = (field: FieldSpec) => (
    <Field
      key={field.name} field={field} value={node.params[field.name]} onChange={set}
      error={problems.find((problem) => problem.field === field.name)?.message ?? null}
    />
  );
  const advanced = shown.filter((field) => field.advanced);
  if (!spec.fields.length) return <p className="quiet">This block has no settings.</p>;
  return (
    <form className="fields" onSubmit={(event) => event.preventDefault()} onBlur={() => editor.settle()}>
      {shown.filter((field) => !field.advanced).map(draw)}
      {advanced.length > 0 && <Advanced fields={advanced} hasError={advanced.some((f) => problems.some((p) => p.field === f.name))} draw={draw} />}
    </form>
  );
}

function Advanced({ fields, hasError, draw }: { fields: FieldSpec[]; hasError: boolean; draw: (f: FieldSpec) => ReactNode }) {
  const [open, setOpen] = useState(false);
  const isOpen = open || hasError;
  return (
    <div className="advanced">
      <button type="button" className="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} data-testid="advanced">
        <Icon name="chevron" size={14} /> Advanced <span className="quiet">{fields.length}</span>
      </button>
      {isOpen && fields.map(draw)}
    </div>
  );
}

function About({ spec }: { spec: BlockSpec }) {
  const { blocks } = useSession();
  const paragraphs = useMemo(() => spec.help.split(/\n\s*\n/).filter((text) => text.trim()), [spec.help]);
  const ports = (list: { name: string; kind: string }[]) =>
    list.map((port) => `${port.name.replaceAll("_", " ")} (${kindTitle(blocks, port.kind)})`).join(", ") || "nothing";
  return (
    <section className="about" aria-label="About this block">
      <h3>About this block</h3>
      <p>{spec.summary}</p>
      {paragraphs.map((text) => <p key={text}>{text.replaceAll("\n", " ")}</p>)}
      <p className="quiet">Takes {ports(spec.inputs)}. Gives {ports(spec.outputs)}.{spec.device === "accelerator" ? " Faster with a GPU." : ""}</p>
    </section>
  );
}
