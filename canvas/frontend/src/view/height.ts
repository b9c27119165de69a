// Makes the canvas as high as the window below its top edge, or as high as the page asks.

const LEAST = 480;

export function fillHeight(host: HTMLElement): { use(height: number | null): void; stop(): void } {
  let asked: number | null = null;
  const measure = () => {
    const top = host.getBoundingClientRect().top + scrolled(host);
    const height = asked ?? Math.max(LEAST, window.innerHeight - Math.max(0, top));
    const text = `${Math.round(height)}px`;
    if (host.style.height !== text) host.style.height = text;
  };
  const watcher = new ResizeObserver(measure);
  watcher.observe(document.body);
  window.addEventListener("resize", measure);
  const late = [50, 300, 1000].map((wait) => setTimeout(measure, wait));
  return {
    use(height) {
      asked = height;
      measure();
    },
    stop() {
      watcher.disconnect();
      window.removeEventListener("resize", measure);
      late.forEach(clearTimeout);
    },
  };
}

/** How far everything around the element is scrolled, through shadow roots. */
function scrolled(element: Element): number {
  let total = 0;
  let at: Node | null = element;
  while (at) {
    if (at instanceof Element) total += at.scrollTop;
    at = at instanceof ShadowRoot ? at.host : at.parentNode;
  }
  return total;
}
