// All styles as one text, for the shadow root.
import flow from "@xyflow/react/dist/base.css?inline";
import base from "./base.css?inline";
import card from "./card.css?inline";
import controls from "./controls.css?inline";
import fields from "./fields.css?inline";
import frame from "./frame.css?inline";
import graph from "./graph.css?inline";
import large from "./large.css?inline";
import overlay from "./overlay.css?inline";
import panels from "./panels.css?inline";
import result from "./result.css?inline";

export const styles = [flow, base, controls, fields, frame, panels, graph, card, result, overlay, large].join("\n");
