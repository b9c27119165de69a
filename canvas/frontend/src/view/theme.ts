// Reads from Streamlit's colours whether the page is dark, and what is readable on the accent colour.

/** Sets what the styles cannot work out by themselves; true for a dark page. */
export function readTheme(box: HTMLElement): boolean {
  const dark = lightness(resolve(box, "var(--st-background-color, #ffffff)")) < 0.5;
  const accent = lightness(resolve(box, "var(--st-primary-color, #4f46e5)"));
  box.dataset.theme = dark ? "dark" : "light";
  box.style.setProperty("--on-accent", accent > 0.7 ? "#111318" : "#ffffff");
  return dark;
}

function resolve(box: HTMLElement, colour: string): string {
  const probe = document.createElement("span");
  probe.style.color = colour;
  box.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** 0 for black to 1 for white. */
function lightness(colour: string): number {
  const [red = 255, green = 255, blue = 255] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  const scale = colour.startsWith("color(") ? 1 : 255;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / scale;
}
