// A number: typed, stepped, or dragged on a slider where both bounds make one useful.
import { type CSSProperties, type KeyboardEvent, useRef, useState } from "react";
import { fromSlider, parseNumber, type Slider, sliderOf, stepOf, toSlider } from "../../rules/numbers";
import { Icon } from "../icons";
import type { ControlProps } from "./Field";

export function NumberField({ field, value, id, isWrong, onChange }: ControlProps) {
  const { text, type, leave } = useDraft(value, onChange);
  const step = stepOf(field, value);
  const slider = sliderOf(field);
  const move = (by: number) => {
    const from = typeof value === "number" ? value : typeof field.default === "number" ? field.default : (field.minimum ?? 0);
    const next = Number((from + by * step).toPrecision(12));
    const low = field.minimum ?? -Infinity;
    onChange(Math.min(field.maximum ?? Infinity, field.exclusive_minimum && next <= low ? from : Math.max(low, next)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    move((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
    event.preventDefault();
  };
  return (
    <>
      <span className="number-row">
        <button type="button" className="stepper" aria-label={`Less ${field.title}`} tabIndex={-1} onClick={() => move(-1)}>
          <Icon name="minus" size={12} />
        </button>
        <input
          id={id} inputMode={field.widget === "integer" ? "numeric" : "decimal"} autoComplete="off" data-testid={`param-${field.name}`}
          value={text} aria-invalid={isWrong} placeholder={field.nullable ? "automatic" : ""} onKeyDown={onKeyDown}
          onChange={(event) => type(event.target.value)} onBlur={leave}
        />
        <button type="button" className="stepper" aria-label={`More ${field.title}`} tabIndex={-1} onClick={() => move(1)}>
          <Icon name="plus" size={12} />
        </button>
      </span>
      {slider && <Range slider={slider} title={field.title} value={value} onChange={onChange} />}
    </>
  );
}

interface RangeProps {
  slider: Slider;
  title: string;
  value: unknown;
  onChange: (value: number) => void;
}

function Range({ slider, title, value, onChange }: RangeProps) {
  const at = typeof value === "number" ? toSlider(slider, value) : 0;
  return (
    <input
      type="range" className="slider" min={0} max={slider.stops} step={1} tabIndex={-1} aria-label={`${title}, slider`}
      value={at} style={{ "--part": `${(100 * at) / slider.stops}%` } as CSSProperties}
      onChange={(event) => onChange(fromSlider(slider, Number(event.target.value)))}
    />
  );
}

/** What is typed, as it is typed. A text that is no number is kept as text, so that it is never lost. */
export function useDraft(value: unknown, onChange: (value: unknown) => void) {
  const [draft, setDraft] = useState<string | null>(null);
  const sent = useRef<unknown>(value);
  const isOwn = draft !== null && sent.current === value;
  return {
    text: isOwn ? draft : value === null || value === undefined ? "" : String(value),
    type: (text: string) => {
      setDraft(text);
      sent.current = parseNumber(text);
      onChange(sent.current);
    },
    leave: () => setDraft(null),
  };
}
