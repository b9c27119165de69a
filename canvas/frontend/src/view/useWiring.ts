// Drawing, judging and moving wires.
import type { Connection, OnConnectStartParams } from "@xyflow/react";
import { useMemo } from "react";
import { connect, remove } from "../rules/edits";
import { judgeWire } from "../rules/wires";
import type { FlowEdge } from "../store/flow";
import type { Session } from "../store/session";
import type { PortRef } from "../types";
import { useSession } from "./context";

export function useWiring() {
  const session = useSession();
  return useMemo(() => wiringOf(session), [session]);
}

function wiringOf(session: Session) {
  const { editor, screen } = session;
  return {
    isValidConnection: (wire: Connection | FlowEdge) => {
      const [from, to] = ends(wire);
      return judgeWire(editor.doc, session.blocks, from, to).fits;
    },
    onConnect: (wire: Connection) => {
      const [from, to] = ends(wire);
      editor.edit((doc) => connect(doc, session.blocks, from, to));
    },
    onReconnect: (old: FlowEdge, wire: Connection) => {
      const [from, to] = ends(wire);
      editor.edit((doc) => connect(remove(doc, new Set(), [old.data!.wire]), session.blocks, from, to));
    },
    onConnectStart: (_: unknown, { nodeId, handleId, handleType }: OnConnectStartParams) => {
      const spec = session.blocks.byId.get(editor.node(nodeId ?? "")?.block ?? "");
      const ports = handleType === "source" ? spec?.outputs : spec?.inputs;
      const kind = ports?.find((port) => port.name === handleId)?.kind;
      if (nodeId && handleId && handleType && kind) {
        screen.set({ wiring: { node: nodeId, port: handleId, kind, is: handleType } });
      }
    },
  };
}

function ends(wire: Connection | FlowEdge): [PortRef, PortRef] {
  return [
    { node: wire.source, port: wire.sourceHandle ?? "" },
    { node: wire.target, port: wire.targetHandle ?? "" },
  ];
}
