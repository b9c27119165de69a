// All styles as one text, for the shadow root.
import flow from "@xyflow/react/dist/base.css?inline";
import base from "./base.css?inline";
import card from "./card.css?inline";
import controls from "./controls.css?inline";
import frame from "./frame.css?inline";
import graph from "./graph.css?inline";
import overlay from "./overlay.css?inline";

export const styles = [flow, base, controls, frame, graph, card, overlay].join("\n");
