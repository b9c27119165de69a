// Lets the text of cards grow, within its fixed rows, when the graph is seen from farther away.
import { useStore } from "@xyflow/react";
import { type RefObject, useLayoutEffect } from "react";

const GROWTH = [1, 1.15, 1.3, 1.45, 1.6];
const READABLE_ZOOM = 0.85;

export function ReadableText({ area }: { area: RefObject<HTMLElement | null> }) {
  const growth = useStore((flow) => growthAt(flow.transform[2]));
  useLayoutEffect(() => {
    area.current?.style.setProperty("--grow", String(growth));
    area.current?.classList.toggle("grown", growth >= 1.3);
  }, [area, growth]);
  return null;
}

/** In steps, so that zooming does not lay out the text anew in every frame. */
export function growthAt(zoom: number): number {
  const wanted = READABLE_ZOOM / zoom;
  return GROWTH.reduce((best, step) => (Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best));
}
