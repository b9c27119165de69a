// One of a few values: side by side when they are few and short, else in a list.
import { sameValue } from "../../rules/checks";
import type { ControlProps } from "./Field";

const ROOM = 26;

export function ChoiceField({ field, value, id, isWrong, onChange }: ControlProps) {
  const choices = field.choices ?? [];
  const letters = choices.reduce((sum, choice) => sum + choice.label.length + 2, 0);
  if (choices.length <= 4 && letters <= ROOM) {
    return (
      <div className="segments" role="radiogroup" aria-label={field.title} id={id} data-testid={`param-${field.name}`}>
        {choices.map((choice) => (
          <button
            type="button" role="radio" key={choice.label} aria-checked={sameValue(choice.value, value)}
            onClick={() => onChange(choice.value)}
          >
            {choice.label}
          </button>
        ))}
      </div>
    );
  }
  const at = choices.findIndex((choice) => sameValue(choice.value, value));
  return (
    <select
      id={id} data-testid={`param-${field.name}`} aria-invalid={isWrong} value={at}
      onChange={(event) => onChange(choices[Number(event.target.value)]?.value)}
    >
      {at < 0 && <option value={-1}>{value === null || value === undefined ? "choose…" : String(value)}</option>}
      {choices.map((choice, index) => <option key={choice.label} value={index}>{choice.label}</option>)}
    </select>
  );
}
