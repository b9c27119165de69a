// How long to train: a number and whether it counts seconds, steps or epochs.
import { isRecord } from "../../rules/checks";
import type { ControlProps } from "./Field";
import { useDraft } from "./NumberField";

const UNITS = ["seconds", "steps", "epochs"] as const;
type Unit = (typeof UNITS)[number];

export function BudgetField({ field, value, id, isWrong, onChange }: ControlProps) {
  const [unit, amount] = readBudget(value);
  const { text, type, leave } = useDraft(amount, (next) => onChange({ [unit]: next }));
  return (
    <span className="budget">
      <input
        id={id} inputMode="decimal" autoComplete="off" data-testid={`param-${field.name}`} aria-invalid={isWrong} value={text}
        onChange={(event) => type(event.target.value)} onBlur={leave}
      />
      <select
        aria-label={`${field.title}, unit`} data-testid={`param-${field.name}-unit`} value={unit}
        onChange={(event) => onChange({ [event.target.value]: amount })}
      >
        {UNITS.map((name) => <option key={name}>{name}</option>)}
      </select>
    </span>
  );
}

function readBudget(value: unknown): [Unit, unknown] {
  if (typeof value === "number") return ["seconds", value];
  const given = isRecord(value) ? UNITS.find((name) => value[name] !== undefined && value[name] !== null) : undefined;
  const empty = isRecord(value) ? UNITS.find((name) => name in value) : undefined;
  const unit = given ?? empty ?? "seconds";
  return [unit, isRecord(value) ? value[unit] : null];
}
