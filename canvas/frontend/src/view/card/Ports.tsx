// The typed ports of a card: colour, shape and name say what may be wired.
import { Handle, Position } from "@xyflow/react";
import { type CSSProperties, memo, useMemo } from "react";
import { kindFits } from "../../rules/wires";
import type { Screen } from "../../store/screen";
import type { BlockSpec, Blocks } from "../../types";
import { useDoc, useScreen, useSession } from "../context";

const SHAPES = ["circle", "square", "diamond", "bar", "triangle"];

interface PortProps {
  id: string;
  name: string;
  kind: string;
  is: "source" | "target";
  note: string;
  isOptional: boolean;
}

export const Ports = memo(function Ports({ id, spec }: { id: string; spec: BlockSpec }) {
  if (!spec.inputs.length && !spec.outputs.length) return null;
  return (
    <div className="ports">
      <div className="ports-side">
        {spec.inputs.map((port) => (
          <Port
            key={port.name} id={id} name={port.name} kind={port.kind} is="target" isOptional={port.optional}
            note={`${port.optional ? ", optional" : ""}${port.multiple ? ", takes several wires" : ""}`}
          />
        ))}
      </div>
      <div className="ports-side right">
        {spec.outputs.map((port) => (
          <Port key={port.name} id={id} name={port.name} kind={port.kind} is="source" isOptional={false} note="" />
        ))}
      </div>
    </div>
  );
});

const Port = memo(function Port({ id, name, kind, is, note, isOptional }: PortProps) {
  const { blocks } = useSession();
  const fit = useScreen((screen) => fitOf(screen.wiring, blocks, id, kind, is));
  const isWired = useDoc((editor) =>
    editor.doc.wires.some(({ from, to }) => (is === "source" ? from[0] === id && from[1] === name : to[0] === id && to[1] === name)),
  );
  const { title, description, colour } = blocks.kinds[kind] ?? { title: kind, description: "", colour: "#8a8f98" };
  const label = `${is === "source" ? "Output" : "Input"} ${name.replaceAll("_", " ")}: ${title}${note}`;
  return (
    <div className={`port ${fit}${isWired ? " wired" : ""}${isOptional ? " optional" : ""}`} title={`${label}\n${description}`}>
      <Handle
        id={name} type={is} position={is === "source" ? Position.Right : Position.Left} aria-label={label}
        className={`shape-${shapeOf(blocks, kind)}`} style={{ "--kind": colour } as CSSProperties}
      />
      <span className="port-name">{name.replaceAll("_", " ")}</span>
      {isOptional && !isWired && <span className="port-note">optional</span>}
    </div>
  );
});

/** While a wire is drawn: whether it may end at this port. */
function fitOf(wiring: Screen["wiring"], blocks: Blocks, id: string, kind: string, is: "source" | "target"): string {
  if (!wiring) return "";
  if (wiring.node === id || wiring.is === is) return wiring.node === id && wiring.is === is ? "" : "unfit";
  const fits = is === "target" ? kindFits(blocks, wiring.kind, kind) : kindFits(blocks, kind, wiring.kind);
  return fits ? "fits" : "unfit";
}

/** One shape per family of kinds. */
function shapeOf(blocks: Blocks, kind: string): string {
  const rootOf = (name: string) => blocks.kinds[name]?.is.at(-1) ?? name;
  const roots = [...new Set(Object.keys(blocks.kinds).map(rootOf))].sort();
  return SHAPES[Math.max(0, roots.indexOf(rootOf(kind))) % SHAPES.length]!;
}

/** Ports of a block that is not installed: those that its wires name. */
export function UnknownPorts({ id }: { id: string }) {
  const wires = useDoc((editor) => editor.doc.wires);
  const spec = useMemo((): Pick<BlockSpec, "inputs" | "outputs"> => {
    const names = (list: string[]) => [...new Set(list)];
    const inputs = names(wires.filter((w) => w.to[0] === id).map((w) => w.to[1]));
    const outputs = names(wires.filter((w) => w.from[0] === id).map((w) => w.from[1]));
    return {
      inputs: inputs.map((name) => ({ name, kind: "?", optional: false, multiple: true })),
      outputs: outputs.map((name) => ({ name, kind: "?" })),
    };
  }, [wires, id]);
  return <Ports id={id} spec={spec as BlockSpec} />;
}
