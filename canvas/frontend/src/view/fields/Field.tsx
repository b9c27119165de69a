// One parameter: its label, its control, help or error below, and the way back to its default.
import { memo, type ReactNode, useId } from "react";
import { sameValue, shown } from "../../rules/checks";
import type { FieldSpec } from "../../types";
import { Icon } from "../icons";
import { BudgetField } from "./BudgetField";
import { ChoiceField } from "./ChoiceField";
import { NumberField } from "./NumberField";
import { TextField } from "./TextField";
import { UploadField } from "./UploadField";

export interface ControlProps {
  field: FieldSpec;
  /** The value in force: the node's own, or the default. */
  value: unknown;
  id: string;
  isWrong: boolean;
  onChange: (value: unknown) => void;
}

interface Props {
  field: FieldSpec;
  value: unknown;
  error: string | null;
  onChange: (name: string, value: unknown) => void;
}

export const Field = memo(function Field({ field, value, error, onChange }: Props) {
  const id = useId();
  const isChanged = value !== undefined && !sameValue(value, field.default);
  const props: ControlProps = {
    field, id, value: value === undefined ? field.default : value, isWrong: error !== null,
    onChange: (next) => onChange(field.name, !field.required && sameValue(next, field.default) ? undefined : next),
  };
  return (
    <div className={`field${error ? " has-error" : ""}${isChanged ? " is-changed" : ""}`}>
      <div className="field-head">
        <label htmlFor={id}>{field.title}</label>
        {field.unit && <span className="quiet">{field.unit}</span>}
        {isChanged && !field.required && (
          <button
            type="button" className="icon-button small" aria-label={`Set ${field.title} back to its default`} data-testid={`reset-${field.name}`}
            title={`Back to the default: ${shown(field.default).replace(/^“|”$/g, "")}`} onClick={() => onChange(field.name, undefined)}
          >
            <Icon name="reset" size={12} />
          </button>
        )}
      </div>
      {control(props)}
      {error && <p className="field-error" data-testid={`param-error-${field.name}`} role="alert">{error}</p>}
      {field.description && !error?.includes(field.description) && <p className="field-help">{field.description}</p>}
    </div>
  );
});

function control(props: ControlProps): ReactNode {
  switch (props.field.widget) {
    case "integer":
    case "number":
      return <NumberField {...props} />;
    case "switch":
      return <SwitchField {...props} />;
    case "choice":
      return <ChoiceField {...props} />;
    case "budget":
      return <BudgetField {...props} />;
    case "upload":
      return <UploadField {...props} />;
    case "text":
      return <TextField {...props} />;
  }
}

function SwitchField({ field, value, id, onChange }: ControlProps) {
  return (
    <button
      type="button" role="switch" id={id} className="switch" aria-checked={value === true} data-testid={`param-${field.name}`}
      onClick={() => onChange(value !== true)}
    >
      <span className="switch-knob" />
      <span className="switch-word">{value === true ? "on" : "off"}</span>
    </button>
  );
}
