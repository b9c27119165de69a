// Puts React and the styles into the host element, and keeps height and theme in step with the page.
import { createRoot } from "react-dom/client";
import type { Renderer } from "../mount";
import type { Session } from "../store/session";
import { styles } from "../styles";
import type { MountData } from "../types";
import { Canvas } from "./Canvas";
import { SessionContext } from "./context";
import { fillHeight } from "./height";
import { keepKeysInside } from "./leaks";
import { exposeForTests } from "./testhook";
import { readTheme } from "./theme";

export function reactRenderer(host: HTMLElement): Renderer {
  const style = document.createElement("style");
  style.textContent = styles;
  const box = document.createElement("div");
  box.className = "gl";
  box.tabIndex = -1;
  host.append(style, box);
  keepKeysInside(host);
  const root = createRoot(box);
  const height = fillHeight(host);
  let shown: Session | null = null;
  return {
    show(session: Session, data: MountData) {
      height.use(data.height);
      session.screen.set({ dark: readTheme(box) });
      if (session === shown) return;
      shown = session;
      exposeForTests(session);
      root.render(
        <SessionContext value={session}>
          <Canvas key={session.number} />
        </SessionContext>,
      );
    },
    remove() {
      height.stop();
      root.unmount();
    },
  };
}
