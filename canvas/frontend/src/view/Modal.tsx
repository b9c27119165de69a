// A dialog over everything: closes by Escape, its button, or a press beside it.
import { type MouseEvent, type ReactNode, useEffect, useRef } from "react";
import { Icon } from "./icons";

interface Props {
  title: string;
  onClose: () => void;
  narrow?: boolean;
  children: ReactNode;
}

export function Modal({ title, onClose, narrow, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal?.();
    return () => element?.close?.();
  }, []);
  const onPress = (event: MouseEvent) => event.target === dialog.current && onClose();
  return (
    <dialog
      ref={dialog} className={`modal${narrow ? " narrow" : ""}`} aria-label={title} onMouseDown={onPress}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="modal-box">
        <header className="modal-head">
          <h2>{title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
