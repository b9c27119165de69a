// Keeps the keyboard with the canvas when the focused element goes away, such as the card that was just deleted.
import { type RefObject, useEffect } from "react";
import { useSession } from "./context";

export function useKeptFocus(frame: RefObject<HTMLElement | null>): void {
  const { editor, screen } = useSession();
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    if (document.activeElement === document.body) element.focus({ preventScroll: true });
    let isOurs = true;
    const onFocus = () => void (isOurs = true);
    const onPress = (event: Event) => void (isOurs = event.composedPath().includes(element));
    const check = () =>
      requestAnimationFrame(() => {
        if (isOurs && document.activeElement === document.body) element.focus({ preventScroll: true });
      });
    element.addEventListener("focusin", onFocus);
    document.addEventListener("pointerdown", onPress, true);
    const stops = [editor.subscribe(check), screen.subscribe(check)];
    return () => {
      element.removeEventListener("focusin", onFocus);
      document.removeEventListener("pointerdown", onPress, true);
      for (const stop of stops) stop();
    };
  }, [frame, editor, screen]);
}
