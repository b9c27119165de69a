// Keeps key presses meant for the canvas from Streamlit's own hotkeys, which listen on the whole page.

const HOTKEYS = new Set(["r", "c", "escape"]);

export function keepKeysInside(host: HTMLElement): void {
  for (const type of ["keydown", "keyup", "keypress"]) host.addEventListener(type, stopLeak);
}

function stopLeak(event: Event): void {
  const press = event as KeyboardEvent;
  const target = press.composedPath()[0];
  const isTyping = target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
  const isHotkey = HOTKEYS.has(press.key.toLowerCase()) && !press.ctrlKey && !press.metaKey && !press.altKey;
  if (isTyping || isHotkey) press.stopPropagation();
}
