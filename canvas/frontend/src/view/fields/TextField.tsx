// A text. Long ones get room.
import type { ControlProps } from "./Field";

const LONG = 40;

export function TextField({ field, value, id, isWrong, onChange }: ControlProps) {
  const text = value === null || value === undefined ? "" : String(value);
  const props = {
    id, value: text, "aria-invalid": isWrong, "data-testid": `param-${field.name}`, placeholder: field.nullable ? "automatic" : "",
    onChange: (event: { target: { value: string } }) =>
      onChange(event.target.value === "" && field.nullable ? null : event.target.value),
  };
  const isLong = text.length > LONG || /prompt|text|description|captions?/.test(field.name);
  return isLong ? <textarea rows={3} {...props} /> : <input autoComplete="off" {...props} />;
}
